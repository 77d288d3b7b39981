"""What tools and people call the speakers of a conversation."""

ROLES: dict[str, str] = {
    name: role
    for role, names in {
        "system": "system developer systemmessage 系统 système sistema система",
        "user": (
            "user human prompter customer client visitor person student caller question prompt instruction input query q "
            "用户 问 人类 客户 提问 nutzer benutzer kunde mensch frage utilisateur usager question usuario cliente pregunta "
            "usuário pergunta utente domanda пользователь вопрос клиент ユーザー 質問 사용자 질문 "
            "patient tourist traveller apprentice player buyer seeker learner guest passenger applicant interviewer guesser "
            "humanmessage usermessage patientin schüler käufer gast élève paciente alumno comprador 患者 学生 买家 顾客 游客 病人 提问者 お客様 고객"
        ),
        "assistant": (
            "assistant gpt bot chatbot model ai agent chatgpt claude llama llm machine support advisor operator moss answer "
            "response reply completion output a 助手 答 机器人 客服 回答 assistent antwort réponse reponse asistente respuesta "
            "assistente resposta risposta ассистент помощник ответ アシスタント 回答 어시스턴트 답변 "
            "vicuna alpaca bard bing gemini copilot mistral deepseek qwen doctor physician therapist counselor counsellor wizard npc seller recommender teacher tutor expert interviewee clerk "
            "salesperson representative rep staff helpdesk aimessage assistantmessage arzt ärztin berater beraterin mitarbeiter lehrer "
            "verkäufer médecin conseiller vendeur professeur médico asesor vendedor profesor professor atendente оператор консультант врач "
            "医生 老师 卖家 商家 专家 咨询师 导游 店员 医師 先生 상담원 의사"
        ),
        "tool": (
            "tool function function_call function_response function-call function-response functioncall observation "
            "toolmessage functionmessage tool_call tool_calls tool_response tool_result tool_output ipython"
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
        "operator", "advisor", "patient", "tourist", "player", "buyer", "seeker", "student", "doctor", "wizard", "npc", "seller",
        "recommender", "teacher", "tutor", "therapist", "berater", "mitarbeiter", "schüler", "lehrer", "arzt", "humanmessage",
        "usermessage", "aimessage", "assistantmessage", "systemmessage", "患者", "医生", "学生", "老师", "买家", "卖家", "顾客", "商家",
        "médico", "paciente", "alumno", "profesor", "врач", "оператор",
    }
)  # fmt: skip
"""Names that mean a speaker wherever they stand; “question” and “answer” do so only as keys of a pair."""


def role_of(name: object) -> str | None:
    """Return system, user, assistant or tool for a speaker's name, None for an unknown one."""
    return ROLES.get(name.strip().casefold()) if isinstance(name, str) else None


def is_speaker(name: object) -> bool:
    """Whether a name means a speaker wherever it stands."""
    return isinstance(name, str) and name.strip().casefold() in PLAIN_ROLES
