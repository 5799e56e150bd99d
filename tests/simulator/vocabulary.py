"""Invented values of a company: people, topics, departments, places. Chosen by the name of the field."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

FIRST_NAMES = (
    "Jill Thomas Maria Chen Amara Noah Olga Ravi Zoe Kenji Lucia Omar Ines Pavel Grace Hugo Priya Daniel Sofia Mateo "
    "Hannah Yusuf Elena Marcus Naomi Felix Leila Oscar Ingrid Samuel Mei Victor"
).split()
LAST_NAMES = (
    "Chill Hill Okafor Novak Rossi Sato Silva Weber Larsen Dubois Haddad Kim Moreau Costa Patel Jensen Murphy Schmidt "
    "Alvarez Nguyen Kowalski Brown Lindqvist Farah Bauer Ricci Tanaka Mendes Walsh Ivanova Cohen Berg"
).split()
TOPICS = (
    "Weekly team meeting|Sprint planning|Sprint review|Sprint retrospective|Product roadmap review|Budget review|"
    "Quarterly business review|Customer onboarding|Design review|Hiring committee|Interview: backend engineer|"
    "Marketing campaign kickoff|Sales pipeline review|Security training|Support handover|All hands|Town hall|"
    "Board meeting preparation|Incident review|Release go/no-go|Partner call|One on one|New hire orientation|"
    "Data platform workshop|Vendor evaluation|Architecture forum|Pricing discussion|Customer advisory board"
).split("|")
WEBINAR_TOPICS = (
    "Product launch|What's new in Atlas|Getting started with Orbit|Customer stories|Security best practices|"
    "Industry outlook|Live demo and Q&A|Analytics for beginners|Partner enablement|Open day for applicants"
).split("|")
# Used occasionally, for unusual characters.
ODD_TOPICS = (
    "Zürich office move",
    "東京 / London handover",
    "Launch party 🎉",
    'Naming: "Atlas" or "Orbit"?',
    "Réunion d'équipe",
)
SENTENCES = (
    "Let's go through the open action items first.|The budget for next quarter is approved.|"
    "Can you share the slides after the call?|We moved the release to Thursday.|I will follow up with the vendor.|"
    "Support tickets are down by ten percent.|Who can take the notes today?|The budget needs one more review.|"
    "Let's take this offline.|The new hires start on Monday.|Please review the draft by Friday.|Thanks, everyone."
).split("|")
RARE = 0.05  # up to this share, fields in WORDS have no unusual characters
WORDS = {
    "dept|department": "Engineering|Product|Sales|Marketing|Customer Success|Finance|People|IT|Legal|Operations",
    "city": "Berlin|Paris|Denver|London|Singapore|Lisbon|Toronto|Zürich",
    "country_name": "Germany|France|United States|United Kingdom|Singapore|Portugal|Canada",
    "state": "CO|CA|NY|TX|Bavaria|Ontario",
    "address": "12 Harbour Street|480 Market Square|7 Station Road|91 Mill Lane",
    "location|site_name|site": "Berlin office|Denver headquarters|London office|Remote",
    "company|org|host_organization|organization": "Larkfield Software|Brightwater Energy|Halden Logistics|Mirador Health|Ostrava Foods",
    "industry": "Software|Energy|Logistics|Healthcare|Food|Education",
    "job_title": "Software Engineer|Product Manager|Account Executive|Recruiter|Analyst|Team Lead|Office Manager",
    "cost_center": "CC-100|CC-210|CC-320|CC-450",
    "comments": "Looking forward to it.|I will join ten minutes late.|Please send the recording.",
    "agenda": "Status, risks, next steps|Demo and questions|Review of open decisions|Introductions and goals",
    "role_name": "Owner|Admin|Member|IT Support|Reporting",
    "pronouns|name_tag_pronouns": "she/her|he/him|they/them",
    "last_client_version|client_version": "6.2.5 (Windows)|6.2.7 (Mac)|6.1.11 (iOS)|6.3.0 (Linux)",
    "group|groups": "Everyone|Contractors|Executives|Sales team|Webinar hosts",
    "field|key": "Cost center|Project|Client|Region",
    "value": "Atlas|Orbit|North|South|Internal|Larkfield Software",
    "source_name": "Newsletter|Website banner|LinkedIn|Partner page",
    "question|questions|prompt_question|poll_question": "How useful was this session?|What should we cover next?|Did the time suit you?",
    "answer|answers|right_answers|prompt_right_answers": "Yes|No|Very useful|Somewhat useful|Roadmap|Pricing|Security",
    "title": "Session feedback|Team pulse|Training check|Which topics interest you?",
    "rating_min_label": "Not at all likely",
    "rating_max_label": "Extremely likely",
    "auto_reply_text": "Thanks, a panelist will answer shortly.",
    "name_tag_name|name_tag_description": "Speaker|Moderator|Guest",
    "audio_conference_info": "Dial the conference bridge and enter the code.",
    "next_steps|steps": (
        "Priya to send the revised budget|Schedule the security review|Ask Larkfield Software for a quote|"
        "Publish the release notes|Book rooms for the workshop"
    ),
    "summary_title|summary_overview|summary|overview": "The team agreed on the scope of the release.|Budget and hiring plan were reviewed.",
}  # fmt: skip
_BY_NAME = {name: tuple(words.split("|")) for names, words in WORDS.items() for name in names.split("|")}
_SENTENCE = re.compile(r"message|comment|text|description|content|detail|note|reason")
_PERSON = re.compile(
    r"(host|user|owner|caller|callee|sender|display|member|operator|manager|contact)_?(display_)?name$"
)


class Person(NamedTuple):
    """A person, with an e-mail address made from the name."""

    first: str
    last: str
    email: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def person(rng: random.Random) -> Person:
    """Return a person outside the account. Several people may have the same name."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    return Person(first, last, f"{first}.{last}{rng.randint(2, 9999)}@example.com".lower())


def value(rng: random.Random, name: str, someone: Person | None = None, odd: float = 0.01) -> str:
    """Return a text for a field. `someone`: the person of the record; `odd`: the share with unusual characters."""
    if rng.random() < odd and (odd > RARE or name not in _BY_NAME):
        return rng.choice(ODD_TOPICS)
    if someone and name in ("first_name", "last_name"):
        return someone.first if name == "first_name" else someone.last
    if someone and name in ("name", "display_name"):
        return someone.name
    if _PERSON.search(name):
        return person(rng).name
    if name in _BY_NAME:
        return rng.choice(_BY_NAME[name])
    return rng.choice(SENTENCES if _SENTENCE.search(name) else TOPICS)
