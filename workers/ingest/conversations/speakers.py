"""What tools and people call the speakers of a conversation."""

ROLES: dict[str, str] = {
    name: role
    for role, names in {
        "system": "system developer 系统 système sistema система",
        "user": (
            "user human prompter customer client visitor person student caller question prompt instruction input query q "
            "用户 问 人类 客户 提问 nutzer benutzer kunde mensch frage utilisateur usager question usuario cliente pregunta "
            "usuário pergunta utente domanda пользователь вопрос клиент ユーザー 質問 사용자 질문"
        ),
        "assistant": (
            "assistant gpt bot chatbot model ai agent chatgpt claude llama llm machine support advisor operator moss answer "
            "response reply completion output a 助手 答 机器人 客服 回答 assistent antwort réponse reponse asistente respuesta "
            "assistente resposta risposta ассистент помощник ответ アシスタント 回答 어시스턴트 답변"
        ),
        "tool": (
            "tool function function_call function_response function-call function-response functioncall observation "
            "tool_call tool_calls tool_response tool_result tool_output ipython"
        ),
    }.items()
    for name in names.split()
}

PLAIN_ROLES = frozenset(
    {
        "system", "developer", "user", "human", "prompter", "customer", "client", "visitor", "assistant", "gpt", "bot",
        "chatbot", "model", "ai", "agent", "chatgpt", "tool", "function", "用户", "助手", "系统", "客户", "客服", "nutzer",
        "benutzer", "kunde", "utilisateur", "usuario", "usuário", "cliente", "utente", "assistent", "asistente",
        "assistente", "пользователь", "ассистент", "клиент", "ユーザー", "アシスタント", "사용자", "어시스턴트", "support",
        "operator", "advisor",
    }
)  # fmt: skip
"""Names that mean a speaker wherever they stand; “question” and “answer” do so only as keys of a pair."""


def role_of(name: object) -> str | None:
    """Return system, user, assistant or tool for a speaker's name, None for an unknown one."""
    return ROLES.get(name.strip().casefold()) if isinstance(name, str) else None


def is_speaker(name: object) -> bool:
    """Whether a name means a speaker wherever it stands."""
    return isinstance(name, str) and name.strip().casefold() in PLAIN_ROLES
