"""What people call marks of good and bad rows, and what they write in them, in several languages."""

from workers.ingest.vocabulary import QUALITY, plain


def _names(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


def _values(text: str) -> frozenset[str]:
    return frozenset(text.casefold().split())


RATING_NAMES = _names(
    "rating ratings stars star score scores vote votes upvote upvotes likes reward rewards grade grades points karma thumbs quality "
    "helpfulness correctness coherence relevance usefulness satisfaction csat nps faithfulness "
    "bewertung punkte punktzahl qualitat qualite valoracion puntuacion calificacion avaliacao pontuacao valutazione punteggio ocena puan "
    "评分 得分 分数 打分 星级 质量 點數 評価 点数 평점 оценка рейтинг баллы"
)
"""Numbers in these are degrees, unless they are 0, 1 and -1 alone."""
COUNTED = _names("toxicity downvotes downvote dislikes flags reports errors mistakes issues harmfulness")
"""More is worse."""
GOOD_NAMES = QUALITY | _names(
    "approved approval approve acceptance accept acceptable adopted valid validated usable useful keep kept include included use status "
    "thumbsup thumbup preference safety lossmask trainmask trainingmask usefortraining useintraining includeintraining fortraining trainonthis "
    "state decision judgment judgement assessment evaluation review pass passed factual faithful grounded safe appropriate relevant "
    "satisfied upvoted clean ok okay true best safefortraining okfortraining verdict check moderation qaresult evalresult evaluationresult "
    "correcta correctas correcte esito beoordeling 评审结果 人工评测 评测结果 判定 검수 평가 التقييم सही đung dogrumu dogru "
    "korrekt richtig gultig freigegeben freigabe akzeptiert genehmigt brauchbar approuve accepte valide correcte "
    "aprobado aceptado valido correcto aprovado aceito valido approvato accettato corretto valido estado statut stato durum onay "
    "одобрено принято верно правильно статус 采纳 接受 正确 通过 有效 可用 合格 审核 审核状态 审核结果 状态 保留 使用 状態 ステータス 상태 採用 承認"
)
BAD_NAMES = COUNTED | _names(
    "toxic harmful harm unsafe offensive hateful hate abusive profane profanity inappropriate nsfw spam flagged flag deleted removed "
    "exclude excluded exclusion skip skipped ignore ignored discard discarded drop dropped mask masked bad wrong incorrect invalid error erroneous faulty "
    "hallucination hallucinated hallucinates hallucinations duplicate duplicated disliked downvoted blocked banned unusable failed broken corrupt corrupted "
    "thumbsdown thumbdown notrain donottrain skiptrain noloss ignoreloss ignoreinloss excludefromloss excludefromtraining "
    "pii haspii containspii hasprivatedata containsprivatedata containspersonaldata 包含隐私 "
    "unapproved refused refusal todelete toremove tobedeleted toberemoved requirescorrection needscorrection zuloschen 未通过 "
    "irrelevant outdated obsolete deprecated retracted unhelpful rejected reject lowquality contaminated blacklisted "
    "toxisch schadlich anstossig geloscht entfernt falsch ungultig ausschliessen ausgeschlossen ignorieren fehlerhaft fehler veraltet abgelehnt "
    "toxique nuisible supprime exclu exclure invalide faux ignorer rejete refuse toxico danino eliminado excluir excluido invalido falso rechazado incorrecto "
    "ofensivo rejeitado incorreto tossico dannoso eliminato escluso escludere sbagliato errato rifiutato "
    "токсично удалено удален исключить исключено неверно ошибка отклонено 有害 有毒 删除 已删除 排除 剔除 错误 无效 违规 垃圾 忽略 幻觉 重复 作废 屏蔽 不合格 拒绝 削除 除外 無効 삭제 제외"
)
LOOSE_NAMES = _names(
    "preference label labels status state review decision judgment judgement assessment evaluation moderation check use include true error flag pii esito 判定 标签 状态 状態 ステータス 상태 estado statut stato "
    "durum статус"
)
"""They name much else too (the status of an order)."""
NO_QUESTIONS = _names(
    "status state review decision judgment judgement assessment evaluation check estado statut stato durum статус 状态 状態 审核 审核状态"
)
"""Yes says nothing under these: a review that is needed, or was done, is none that the row passed."""
UNPOLAR = _names("label labels feedback 标签")
"""Positive says nothing under these: it may be what the text is like."""
YES_OR_NO = _names("refused refusal pii")
"""Only yes and no are clear under these: other words may say what was refused."""
ERROR_FLAGS = _names("iserror haserror error")
"""Of a turn or a part of it: whether what it says is an error."""
TURN_MASKS = _names(
    "lossmask lossmasks trainmask trainingmask turnmask turnsmask trainonturn trainonturns trainturns lossweights turnweights"
)
"""Lists beside a conversation, or the tokens of an answer, that say which of its parts are learned."""
TAGS = _names("tag tags flags annotation annotations marks issues qualityflags reviews 标记 标注")
"""Lists that say this and that of a row."""
TAGGED_BAD = _values(
    "bad reject rejected exclude excluded discard discarded to_delete do_not_use don't_use not_usable unusable low_quality bad_quality "
    "needs_work needs_revision nicht_verwenden 不合格 剔除 拒绝"
)
UNCHECKED = _names(
    "needs need needed require requires required requiring awaiting awaits await pending under todo tobe to unreviewed unchecked 待审核 需要审核 待审 nochzuprufen"
)
"""In the names of marks that say which rows are not checked yet. Neither side of them is good or bad."""
ABOUT_ANSWERS = _names(
    "answer answers response responses reply replies output outputs completion completions generation message text row rows example examples sample record "
    "entry data label labels pair turn translation summary content annotation annotations annotator annotators reviewer reviewers rater raters human expert "
    "user users llm gpt gpt4 model ai auto automatic manual judge qa review reviewed eval overall final total mean avg average min max severe gold "
    "is was has are should be a an the training train loss my our meta feedback quality moderation admin worker conversation chat dialog dialogue "
    "antwort antworten zeile reponse respuesta risposta resposta"
)
"""Words of a mark's name that leave it one on the row, the answer or the label."""
QUESTIONS = frozenset({"is", "was", "has", "are", "should"})
"""First words of names that ask."""
COUNTS = _names("number num count counts value sum")
"""In such a name these are what is asked about (`is_wrong_number`)."""
OF_PREDICTIONS = _names("correct iscorrect incorrect wrong error errors correctness korrekt falsch 正确 错误")
"""Beside a prediction these may be about the prediction."""
TAKEN_AWAY = _names(
    "deleted removed rejected reject rejection excluded superseded discarded duplicate deprecated"
)
"""With “by”, “reason”, “of” or “since” each says by what it is filled that the row was taken away."""
FEEDBACK_OBJECTS = _names(
    "feedback feedbacks moderation moderations annotation annotations review evaluation eval judge safety meta metadata"
)
"""Objects in these may say that a row is bad."""
ABOUT_ROW = _names(
    "exclude excluded exclusion skip skipped ignore ignored discard discarded drop dropped deleted removed invalid unusable rejected reject incorrect wrong "
    "valid validated approved approval approve accepted isaccepted accept acceptance usable keep kept include included use correct iscorrect correctness status "
    "review decision duplicate duplicated mask masked unapproved todelete toremove tobedeleted toberemoved zuloschen best verdict 判定 评审结果 "
    "korrekt richtig falsch gultig ungultig freigegeben freigabe akzeptiert abgelehnt geloscht ausgeschlossen ausschliessen ignorieren status statut estado stato статус "
    "exclu exclure supprime excluir excluido eliminado escluso escludere удалено исключить исключено одобрено принято 采纳 接受 审核 审核状态 审核结果 状态 有效 无效 删除 已删除 排除 剔除 忽略 作废 保留 合格 不合格 正确"
)
HEADS = _names(
    "score scores rating label labels flag flags status mark marks value level verdict count counts total sum mean avg average num number prob probability "
    "judgment judgement assessment decision state"
)
"""General words, before which stands what is meant."""
OTHER_MEASURES = _names(
    "sentiment polarity subjectivity emotion similarity perplexity logprob logprobs log growth delta change diff difference readability difficulty complexity age credit risk exam confidence compound retrieval "
    "distance match matching priority severity urgency bm25 tfidf stimmung schwierigkeit ahnlichkeit 情感 相似度 难度 置信度 优先级"
)
"""Of these a score says nothing bad."""
NEGATIONS = _names("not non no without ohne sans sin senza zonder free")
YES_NO_PREFIXES = ("是否", "ist", "est", "es", "esta", "wurde")

YES = _values(
    "true yes y t 1 1.0 +1 x ○ ◯ ✓ ✔ ✅ ☑ 是 对 有 ja oui sí si sim да はい 예 네 evet tak ναι نعم हाँ có ya"
)
NO = _values(
    "false no n f 0 0.0 -0.0 × ✕ ✖ ✗ ✘ ❌ ☒ 否 不是 无 没有 nein non não nao нет いいえ 아니오 아니요 hayır nie όχι لا नहीं không tidak"
)
SIGNS = _values("○ ◯ ✓ ✔ ✅ ☑ × ✕ ✖ ✗ ✘ ❌ ☒")
"""Yes and no that are said of a result alone."""
POLARITY = _values("positive negative positiv negativ positif négatif positivo negativo 正面 负面")
NO_MARK = _values("nan null none n/a na n.a. \\n nat <na> nil")
"""As good as an empty cell."""
LEVELS = _values("high highest low lowest hoch niedrig haut bas alto bajo baixo basso высокий низкий 高 低")
MIDDLE = _values(
    "medium average fair neutral moderate acceptable mittel mittelmäßig moyen moyenne medio médio neutro средний нейтрально 中 中等 一般 普通"
)
"""Neither is the row marked as bad: it is learned."""
GOOD = _values(
    "good ok okay fine correct right accept accepted approve approved chosen preferred desirable positive up upvote upvoted like liked helpful useful "
    "thumbs_up thumbsup thumb_up 👍 high highest excellent great best perfect pass passed valid keep kept include included safe clean ham factual faithful relevant satisfied "
    "好 正确 赞 喜欢 优 良 优秀 良好 高 通过 采纳 已采纳 接受 合格 有效 保留 gut sehr_gut richtig korrekt hoch akzeptiert genehmigt freigegeben bon correct haut accepté approuvé "
    "bueno buena correcto alto aceptado aprobado correto bom boa aprovado aceito buono corretto approvato accettato bom хорошо верно правильно одобрено принято "
    "высокий 良い 採用 承認 좋음 승인 好评 goed juist goedgekeurd validé validée valide correcta aprobada dobra dobry dobre جيد"
)
BAD = _values(
    "-1 -1.0 bad very_bad wrong incorrect reject rejected declined denied undesirable negative down downvote downvoted dislike disliked unhelpful useless "
    "thumbs_down thumbsdown thumb_down 👎 low lowest poor terrible worst awful fail failed invalid exclude excluded discard discarded ignore ignored skip skipped "
    "deleted removed spam unsafe toxic harmful offensive hate hateful abusive profane hallucinated hallucination irrelevant flagged blocked unusable low_quality duplicate needs_work needs_improvement needs_revision nsfw "
    "ng refused do_not_use don't_use not_usable to_delete delete delete_this remove nicht_verwenden 坏 错 错误 差 踩 不喜欢 低 劣 不通过 未通过 未采纳 不采纳 拒绝 驳回 不合格 无效 删除 已删除 有害 schlecht falsch niedrig abgelehnt gelöscht ungültig mauvais faux bas refusé rejeté "
    "malo mala incorrecto bajo rechazado incorreto ruim rejeitado baixo cattivo sbagliato rifiutato basso плохо неверно отклонено низкий 悪い 却下 나쁨 반려 差评 fout onjuist afgekeurd rejetée refusée errato zła zły złe mangelhaft ungenügend سيئ incorrecta rechazada"
)
