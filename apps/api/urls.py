"""Addresses of apps.api: OpenAI's protocol under /v1 for published apps, REST under /api/v1 for everything else."""

from django.urls import include, path

from apps.api.openai import views as openai

app_name = "api"
urlpatterns = [
    path("api/v1/", include("apps.api.rest.urls")),
    path("v1/models", openai.models, name="openai_models"),
    path("v1/models/<str:slug>", openai.model, name="openai_model"),
    path("v1/chat/completions", openai.chat_completions, name="openai_chat"),
    path("v1/completions", openai.completions, name="openai_completions"),
]
