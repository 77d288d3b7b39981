"""Titles and descriptions of the examples, marked so that catalogues hold them; example.json files say the same."""

from workers.contracts.i18n import gettext_noop as _

MESSAGES = (
    _("Library help desk"),
    _(
        "Readers ask an invented public library about opening hours, loans, fees, rooms and more, often two things at once; the answers depend on branch, day and item."
    ),
    _("English to French"),
    _(
        "Sentences from daily life, the library, travel and shops, with their French translation: agreement, elision, negation and questions included."
    ),
    _("Meeting notes to minutes"),
    _(
        "Notes of club meetings, where proposals fall through and tasks change hands, and the minutes made from them: what was decided, and who does what by when."
    ),
    _("Stage lighting scripts"),
    _("What should happen on stage, in words, and the program in Stagehand, a small invented language."),
    _("Support tickets"),
    _(
        "Messages to an invented internet provider, sorted into eight queues. Most mention matters that are settled already, so the right queue depends on the status of each matter."
    ),
)
