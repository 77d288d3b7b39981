"""News for the apps above, and questions to them."""

from django.dispatch import Signal

account_changed = Signal()
"""Arguments: actor (a user, or None for the command line), user, action (`user.verb_in_past_tense`), changes (dict
without secrets). Something about an account was written."""

sign_up_asked = Signal()
"""Arguments: request. A receiver that knows of an invitation in the session answers with the address it is for ("" for
any address), others with None."""

sign_up_made = Signal()
"""Arguments: request, email. An account for this address is made because of the invitation in the session. The receiver that
knows it keeps it for this address alone and answers True, or False when it is another person's by now."""

account_deletion_asked = Signal()
"""Arguments: user, by (the administrator who deletes it, None for the person). A receiver refuses by raising UserError."""

account_deleting = Signal()
"""Arguments: user. Sent inside the transaction, before the row goes: what must not stay goes now."""

personal_data_asked = Signal()
"""Arguments: user. Receivers answer with a dict: name of a file without its ending, to rows that JSON can hold."""
