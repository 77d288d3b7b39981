"""Model folders, the Hub, and their weights."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.texts import define

define(
    "models",
    {
        "a_weight_file": _("One of the weight files"),
        "adapter_alone": _(
            "This folder holds an adapter, not a whole model. Merge the two into one model, then choose that."
        ),
        "claim_layers": _("{layers:,} layers"),
        "claim_layers_and_width": _("{layers:,} layers of width {width:,}"),
        "claim_positions": _("{positions:,} positions"),
        "claim_vocabulary": _("{name} {rows:,} by {width:,}"),
        "claim_width": _("a width of {width:,}"),
        "configuration_unknown": _(
            "This model's configuration is not one that can be loaded here; models that bring their own code are refused."
        ),
        "family_causal": _("a causal language model (one that continues text)"),
        "family_classifier": _("a model that can classify text"),
        "family_seq2seq": _("a sequence-to-sequence model (one that reads a text and writes another)"),
        "file_damaged": _(
            "{file} of the model {model} is damaged ({error}). Put a whole copy in its place, by copying or downloading the model again, or choose another model."
        ),
        "folder_not_allowed": _(
            "The folder {path} is not below a folder that the administrator allows for models (MODEL_ROOTS)."
        ),
        "hub_gated": _(
            "{name} asks for permission. Accept its conditions on the Hub; then an admin of the workspace enters an access token under Workspace, Hub token."
        ),
        "hub_not_found": _(
            "The Hub has no model {name} (revision {revision}), or it is private. Check the spelling, or let an admin of the workspace enter an access token under Workspace, Hub token."
        ),
        "hub_unreachable": _(
            "The Hub cannot be reached, so {name} cannot be downloaded. Connect this machine to the network, set HF_ENDPOINT to a mirror, or choose a starter or a local folder."
        ),
        "implausible": _(
            "The configuration of this model claims {claim}, but its weight files are too small for that (tensors: {tensors:,}, values: {elements:,}). Choose a complete copy of the model."
        ),
        "memory_full": _(
            "Memory is full, so the model cannot be loaded. Stop other runs or published models, or choose a smaller model, then try again."
        ),
        "names_files_outside": _(
            "The file {file} of this model names files outside of its folder, so the model is refused."
        ),
        "no_manifest": _("{folder} is not a model folder: its {manifest} is missing or unreadable."),
        "no_model_in_folder": _("There is no model in {path}: a folder with a config.json is needed."),
        "no_safetensors": _(
            "{name} has no safetensors weights. Other formats can run code when they are opened, so they are refused. Convert the model to safetensors, or choose another."
        ),
        "not_opened": _("The model could not be opened: {error}"),
        "template_broken": _("The chat template of this model does not work: {error}."),
        "template_endless": _("it does not end, or makes too much text"),
        "template_refused": _("The chat template of this model was refused: {reason}."),
        "template_too_long": _("it is longer than {most:,} characters"),
        "template_fails": _("The chat template of this model does not work ({error})."),
        "the_file": _("The file {name}"),
        "wrong_family": _("{model_type} is not {family}. Choose a model that fits the task."),
    },
)
