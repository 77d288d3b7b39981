"""Which addresses show a page, for walks over all of them."""

STARTS = ("/", "/data/imports/{waiting[id]}/", "/data/imports/{failed[id]}/", "/apps/{app[id]}/preview/")
"""Where a walk begins; `{…}` is filled in from the fixture `story`. Everything else is found by links."""

NO_PAGE = {
    *("datasets:source", "datasets:import_rejected", "datasets:kept_csv", "datasets:rejected_csv"),
    *("datasets:kept_parquet", "catalog:download", "mfa_download_recovery_codes"),  # downloads
    *("datasets:parts", "jobs:notices", "training:metrics"),  # answers to scripts
    *("publishing:preview_stream", "publishing:visit_stream"),
    *("jobs:status", "jobs:log", "training:samples"),  # parts of pages
    *("openid_connect_login", "openid_connect_callback", "healthz"),  # the way to another site and back
}
OUTSIDE = {
    *("account_login", "account_signup", "account_reset_password", "account_reset_password_done"),
    *(
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_email_verification_sent",
    ),
    *(
        "account_inactive",
        "account_confirm_email",
        "socialaccount_login_cancelled",
        "socialaccount_login_error",
    ),
    *(
        "home:set_up",
        "home:no_workspace",
        "publishing:visit",
        "publishing:visit_conversation",
        "workspaces:join",
    ),
}
"""Pages for people who are not signed in, or not members yet."""
