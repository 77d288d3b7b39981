"""Metrics equal the libraries that define them, for corpora, single rows and resamples."""

import math
import random
import unicodedata

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer
from sacrebleu.metrics import BLEU, CHRF
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from workers.contracts.metrics import METRICS
from workers.contracts.tasks import TASKS, TaskName
from workers.evaluation.metrics import create_metric, metrics_for
from workers.evaluation.metrics.bleu import Bleu
from workers.evaluation.metrics.chrf import Chrf, ChrfPlusPlus
from workers.evaluation.metrics.exact_match import ExactMatch
from workers.evaluation.metrics.labels import Accuracy, MacroF1, confusion
from workers.evaluation.metrics.likelihood import BYTES, NATS, TOKENS, BitsPerByte, Perplexity
from workers.evaluation.metrics.protocol import Metric, Rows, row_scores
from workers.evaluation.metrics.repetition import Repetition
from workers.evaluation.metrics.rouge import Rouge, longest_common_subsequence
from workers.models.writing import Writing, writing_of

TEXT = "the library opens at nine on Monday , and closes when the last reader leaves ! It's 3.5 km away ."
WORDS = TEXT.split()
HAN = "图书馆星期一上午九点开门,最后一位读者离开时关门。请带上你的借书证!"


def corpus(rows: int, *, seed: int = 3) -> Rows:
    """English references, and outputs that drop, swap and invent words; one in ten is empty."""
    source = random.Random(seed)
    targets = [" ".join(source.choices(WORDS, k=source.randint(1, 14))) for _ in range(rows)]
    outputs = []
    for target in targets:
        words = [word if source.random() < 0.7 else source.choice(WORDS) for word in target.split()]
        outputs.append("" if source.random() < 0.1 else " ".join(words[source.randint(0, 2) :]))
    return Rows(targets=targets, outputs=outputs)


def chinese(rows: int) -> Rows:
    source = random.Random(5)
    targets = ["".join(source.choices(HAN, k=source.randint(2, 30))) for _ in range(rows)]
    outputs = ["".join(c if source.random() < 0.7 else source.choice(HAN) for c in text) for text in targets]
    return Rows(targets=targets, outputs=outputs)


def total(metric: Metric, rows: Rows) -> float:
    statistics = metric.statistics(rows)
    assert statistics.shape == (len(rows.targets), len(metric.columns))
    sums = np.asarray(metric.summands(statistics).sum(axis=0)).reshape(1, -1)
    return float(metric.value(sums, len(rows.targets))[0])


def test_every_declared_metric_can_be_computed() -> None:
    for name in METRICS:
        assert create_metric(name, Writing.SPACED).name == name
    for task_type in TASKS:
        info = TASKS[task_type]
        names = tuple(metric.name for metric in metrics_for(task_type, ["a"]))
        assert names[: len(info.metrics)] == info.metrics


@pytest.mark.parametrize(("metric", "word_order"), [(Chrf(), 0), (ChrfPlusPlus(), 2)], ids=["chrf", "chrf++"])
@pytest.mark.parametrize("rows", [corpus(200), corpus(1), chinese(50)], ids=["english", "one row", "chinese"])
def test_chrf_equals_sacrebleu(rows: Rows, metric: Metric, word_order: int) -> None:
    scorer = CHRF(word_order=word_order)
    expected = scorer.corpus_score(rows.outputs, [rows.targets])
    assert total(metric, rows) == pytest.approx(expected.score, abs=1e-9)
    assert metric.signature == str(scorer.get_signature())


@pytest.mark.parametrize(("metric", "word_order"), [(Chrf(), 0), (ChrfPlusPlus(), 2)], ids=["chrf", "chrf++"])
def test_chrf_of_single_rows_equals_sacrebleu(metric: Metric, word_order: int) -> None:
    rows = corpus(100)
    scorer = CHRF(word_order=word_order)
    expected = [
        scorer.sentence_score(output, [target]).score
        for output, target in zip(rows.outputs, rows.targets, strict=True)
    ]
    assert row_scores(metric, metric.statistics(rows)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("block", [10, 2_000_000])
def test_chrf_counts_what_sacrebleu_counts(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short and empty texts, white space of all kinds, characters outside the first plane, blocks of any size."""
    monkeypatch.setattr("workers.evaluation.metrics.chrf._BLOCK_CHARACTERS", block)
    source = random.Random(7)
    texts = ["".join(source.choices("ab é好😀\u3000", k=source.choice([0, 1, 3, 8, 30]))) for _ in range(300)]
    rows = Rows(targets=texts[:150], outputs=texts[150:])
    for metric, scorer in ((Chrf(), CHRF()), (ChrfPlusPlus(), CHRF(word_order=2))):
        expected = scorer._extract_corpus_statistics(rows.outputs, [rows.targets])
        assert metric.statistics(rows).tolist() == expected


@pytest.mark.parametrize(
    ("rows", "writing", "tokenizer"),
    [
        (corpus(200), Writing.ASCII, "13a"),
        (corpus(1, seed=8), Writing.SPACED, "13a"),
        (chinese(50), Writing.CHINESE, "zh"),
        (chinese(50), Writing.JAPANESE, "char"),
        (Rows(targets=["one two three four five"], outputs=["one two six"]), Writing.ASCII, "13a"),
        (Rows(targets=["a b c d e f"] * 3, outputs=["a b x d e", "q", "f e"]), Writing.ASCII, "13a"),
        (Rows(targets=["a b c"], outputs=["x y z"]), Writing.ASCII, "13a"),
    ],
)
def test_bleu_equals_sacrebleu(rows: Rows, writing: Writing, tokenizer: str) -> None:
    scorer = BLEU(tokenize=tokenizer, force=True, effective_order=True)
    expected = scorer.corpus_score(rows.outputs, [rows.targets])
    assert total(Bleu(writing), rows) == pytest.approx(expected.score, abs=1e-9)
    assert Bleu(writing).signature == str(scorer.get_signature())
    assert f"tok:{tokenizer}" in Bleu(writing).signature


@pytest.mark.parametrize("metric", [Chrf(), Bleu()], ids=["chrf", "bleu"])
def test_a_resample_scores_like_the_corpus_it_stands_for(metric: Metric) -> None:
    rows = corpus(60)
    drawn = np.random.default_rng(1).integers(0, 60, 60)
    weights = np.bincount(drawn, minlength=60).astype(float)
    sums = (weights @ metric.summands(metric.statistics(rows))).reshape(1, -1)
    scorer = CHRF() if metric.name == "chrf" else BLEU(force=True, effective_order=True)
    expected = scorer.corpus_score([rows.outputs[i] for i in drawn], [[rows.targets[i] for i in drawn]])
    assert metric.value(sums, 60)[0] == pytest.approx(expected.score, abs=1e-9)


@pytest.mark.parametrize(("kind", "theirs"), [("1", "rouge1"), ("2", "rouge2"), ("l", "rougeL")])
def test_rouge_equals_rouge_score(kind: str, theirs: str) -> None:
    rows = corpus(200)
    scorer = RougeScorer([theirs])
    tokenize = DefaultTokenizer(use_stemmer=False).tokenize
    expected = [
        # Theirs gives equal texts 0 where they are too short for an n-gram, or hold signs alone.
        100.0
        if target == output or ((wanted := tokenize(target)) and wanted == tokenize(output))
        else 100 * scorer.score(target, output)[theirs].fmeasure
        for target, output in zip(rows.targets, rows.outputs, strict=True)
    ]
    metric = Rouge(kind)
    assert row_scores(metric, metric.statistics(rows)) == pytest.approx(expected, abs=1e-9)
    assert total(metric, rows) == pytest.approx(np.mean(expected), abs=1e-9)


def test_rouge_counts_chinese_characters_and_keeps_the_words_between_them() -> None:
    class Characters:
        def tokenize(self, text: str) -> list[str]:
            return [character for character in text if character.isalnum()]

    rows = chinese(50)
    scorer = RougeScorer(["rougeL"], tokenizer=Characters())
    expected = [
        100 * scorer.score(target, output)["rougeL"].fmeasure
        for target, output in zip(rows.targets, rows.outputs, strict=True)
    ]
    metric = Rouge("l", Writing.CHINESE)
    assert row_scores(metric, metric.statistics(rows)) == pytest.approx(expected, abs=1e-9)
    assert "unspaced scripts by character" in metric.signature
    mixed = Rows(targets=["请用 WiFi 上网"], outputs=["用 wifi 网"])
    assert total(Rouge("1", Writing.CHINESE), mixed) == pytest.approx(100 * 2 * 3 / (5 + 3))


def test_rouge_keeps_letters_that_english_lacks() -> None:
    rows = Rows(targets=["Привет мир", "où êtes-vous"], outputs=["привет мир", "où est-il"])
    assert total(Rouge("1", Writing.SPACED), rows) == pytest.approx((100 + 100 / 3) / 2)


def test_longest_common_subsequence_equals_the_table() -> None:
    source = random.Random(2)
    for _ in range(200):
        first = [(source.choice("abcd"),) for _ in range(source.randint(0, 90))]
        second = [(source.choice("abcd"),) for _ in range(source.randint(0, 90))]
        table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
        for i, a in enumerate(first, 1):
            for j, b in enumerate(second, 1):
                table[i][j] = table[i - 1][j - 1] + 1 if a == b else max(table[i - 1][j], table[i][j - 1])
        assert longest_common_subsequence(first, second) == table[-1][-1]


def test_exact_match_overlooks_white_space_only() -> None:
    rows = Rows(targets=["a  b\n", "a b", "A b", "x"], outputs=["a b", "a b ", "a b", ""])
    assert total(ExactMatch(), rows) == 0.5


def test_classification_equals_sklearn() -> None:
    source = np.random.default_rng(4)
    labels = ["refund", "delivery", "login", "other", "rare", "never"]
    true = source.choice(labels[:5], 300, p=[0.4, 0.3, 0.2, 0.09, 0.01])
    given = np.where(source.random(300) < 0.6, true, source.choice(labels[:4], 300))
    rows = Rows(targets=list(true), outputs=list(given), labels=labels)
    assert total(MacroF1(), rows) == pytest.approx(f1_score(true, given, average="macro"))
    assert total(Accuracy(), rows) == pytest.approx(accuracy_score(true, given))
    assert (
        confusion(rows.targets, rows.outputs, labels) == confusion_matrix(true, given, labels=labels).tolist()
    )


def test_macro_f1_of_a_resample_leaves_out_the_labels_it_lacks() -> None:
    true, given = np.array(list("aaabbc")), np.array(list("aabbba"))
    metric = MacroF1()
    rows = Rows(targets=list(true), outputs=list(given), labels=["a", "b", "c"])
    drawn = np.array([0, 0, 1, 3, 4, 2])
    weights = np.bincount(drawn, minlength=6).astype(float).reshape(1, -1)
    sums = weights @ metric.summands(metric.statistics(rows))
    expected = f1_score(true[drawn], given[drawn], average="macro")
    assert metric.value(sums, 6)[0] == pytest.approx(expected)


def test_a_row_by_itself_scores_by_its_label() -> None:
    metric = MacroF1()
    rows = Rows(targets=["a", "b", "a"], outputs=["a", "a", "unheard of"], labels=["a", "b"])
    assert list(row_scores(metric, metric.statistics(rows))) == [1, 0, 0]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("one two three four", 0),
        ("too short", 0),
        ("", 0),
        ("no no no no no no no", 75),
        ("a b c d and A b c d", 100 / 6),
        ("开门开门开门", 100 / 3),
    ],
)
def test_repetition_is_the_share_of_word_sequences_said_again(output: str, expected: float) -> None:
    assert total(Repetition(), Rows(targets=["x"], outputs=[output])) == pytest.approx(expected)


def test_bits_per_byte_and_perplexity_of_a_uniform_model() -> None:
    """A model that gives each of 8 tokens, two bytes each, the same probability says 3 bits a token."""
    numbers = {
        NATS: np.array([4, 10]) * math.log(8),
        TOKENS: np.array([4.0, 10.0]),
        BYTES: np.array([8.0, 20.0]),
    }
    rows = Rows(targets=["x"] * 2, outputs=[""] * 2, numbers=numbers)
    assert total(BitsPerByte(), rows) == pytest.approx(1.5)
    assert total(Perplexity(), rows) == pytest.approx(8)


@pytest.mark.parametrize(
    ("texts", "writing"),
    [
        (["The library opens at nine."], Writing.ASCII),
        (["Où êtes-vous né ? À côté de l'église, là-bas."], Writing.SPACED),
        (["Библиотека открывается в девять"], Writing.SPACED),
        (["图书馆九点开门。", "请用 WiFi 上网"], Writing.CHINESE),
        (["図書館は九時に開きます。"], Writing.JAPANESE),
        (["ร้านเปิดตอนเก้าโมงเช้าทุกวัน"], Writing.UNSPACED),
        (["ຮ້ານເປີດເກົ້າໂມງ"], Writing.UNSPACED),
        (["ហាងបើកម៉ោងប្រាំបួន"], Writing.UNSPACED),
        (["ဆိုင်ကိုးနာရီဖွင့်သည်"], Writing.UNSPACED),
        (["किताब मेज़ पर है"], Writing.SPACED),
        ([""], Writing.ASCII),
        (["도서관은 아홉 시에 문을 엽니다"], Writing.SPACED),
    ],
)
def test_writing_is_told_by_its_letters(texts: list[str], writing: Writing) -> None:
    assert writing_of(texts) is writing


def test_chinese_translations_are_scored_with_chinese_tokens() -> None:
    metrics = {metric.name: metric for metric in metrics_for("translation", chinese(20).targets)}
    assert "tok:zh" in metrics["bleu"].signature


SCRIPTS = {
    "English": ("the shop opens at nine", "our dog sleeps well"),
    "Hindi": ("किताब मेज़ पर रखी है", "कुत्ता घर में सो गया"),
    "Bengali": ("বইটি টেবিলে আছে", "কুকুর বাড়িতে নেই"),
    "Tamil": ("புத்தகம் மேசையில் உள்ளது", "நாய் வீட்டில் தூங்குகிறது"),
    "Arabic": ("الكتابُ على الطاولةِ", "كلبٌ نامَ في بيتٍ"),
    "Hebrew": ("הספר על השולחן", "כלב ישן בבית"),
    "Greek": ("το μαγαζί ανοίγει στις εννέα", "ένας σκύλος κοιμάται καλά"),
    "Russian": ("магазин открывается рано", "собака спит хорошо"),
    "Vietnamese": ("cửa hàng mở lúc chín giờ", "con chó ngủ ngon"),
    "Vietnamese, marks apart": ("cu\u031b\u0309a ha\u0300ng", "con cho\u0301"),
    "Korean": ("가게는 아홉 시에 연다", "개가 집에서 잔다"),
    "Persian": ("می\u200cخواهم بروم", "سگ خوابیده"),
    "Tibetan": ("དེབ་ཅོག་ཙེའི་སྒང་ལ་ཡོད།", "ཁྱི་ཉལ།"),
    "Thai": ("ร้านเปิดตอนเก้าโมงเช้าทุกวัน", "ฝฆฬฮ"),
    "Lao": ("ຮ້ານເປີດເກົ້າໂມງ", "ຝຟຖ"),
    "Khmer": ("ហាងបើកម៉ោងប្រាំបួន", "ឆឈឋ"),
    "Burmese": ("ဆိုင်ကိုးနာရီဖွင့်သည်", "ဈဌဍ"),
    "Chinese": ("图书馆九点开门", "狗睡得很香"),
    "Japanese": ("図書館は九時に開きます", "犬ぐぅ眠"),
    "Emoji": ("🎉🎉", "🚀"),
}
WORDS_AND_PAIRS = ("rouge_1", "rouge_2", "rouge_l", "bleu")


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("length", [1, 12])
def test_equal_texts_score_100_and_texts_that_share_nothing_0(script: str, length: int) -> None:
    target, other = SCRIPTS[script]
    for name in WORDS_AND_PAIRS:
        metric = create_metric(name, writing_of([target]))
        same = Rows(targets=[target] * length, outputs=[target] * length)
        assert total(metric, same) == pytest.approx(100), (name, metric.signature)
        assert total(metric, Rows(targets=[target] * length, outputs=[other] * length)) == 0, name


@pytest.mark.parametrize(
    ("target", "output", "expected"),
    [
        ("किताब मेज़ पर है", "कुत्ता घर में है", 25.0),
        ("বইটি টেবিলে আছে", "কুকুর বাড়িতে নেই", 0.0),
        ("நாய் வீட்டில் உள்ளது", "புத்தகம் மேசையில் உள்ளது", 100 / 3),
        ("caf\u00e9 noir", "cafe\u0301 blanc", 50.0),
    ],
)
def test_rouge_counts_whole_words_with_their_marks(target: str, output: str, expected: float) -> None:
    metric = Rouge("1", writing_of([target]))
    assert total(metric, Rows(targets=[target], outputs=[output])) == pytest.approx(expected)
    assert "words with marks" in metric.signature


def test_thai_is_scored_by_character_as_sacrebleu_does() -> None:
    target, output = "ร้านเปิดตอนเก้าโมงเช้าทุกวัน", "ร้านปิดตอนเก้าโมงเช้าทุกคืน"
    metric = Bleu(writing_of([target]))
    expected = BLEU(tokenize="char", effective_order=True).corpus_score([output], [[target]])
    assert total(metric, Rows(targets=[target], outputs=[output])) == pytest.approx(expected.score)
    assert "tok:char" in metric.signature


def test_bleu_of_a_usual_corpus_is_the_one_without_effective_order() -> None:
    rows = corpus(200)
    assert total(Bleu(), rows) == pytest.approx(BLEU().corpus_score(rows.outputs, [rows.targets]).score)


_ACCENTED = {
    "French": ("L’été passé, où étiez-vous allés dîner ?", "Où étiez-vous l’été passé ?"),
    "Vietnamese": ("Cửa hàng mở cửa lúc chín giờ sáng", "Cửa hàng đóng cửa lúc chín giờ"),
    "Korean": ("가게는 아홉 시에 문을 엽니다", "가게는 열 시에 문을 엽니다"),
    "Japanese": ("店はバスで十分ぐらいです", "店はバスで五分です"),
    "Hindi": ("क़लम और काग़ज़ मेज़ पर हैं", "क़लम मेज़ पर है"),
}


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD"), ("NFKC", "NFKD")])
@pytest.mark.parametrize("language", _ACCENTED)
@pytest.mark.parametrize("task", ["translation", "summarization", "chat"])
def test_the_normal_form_of_a_text_changes_no_score(
    task: TaskName, language: str, forms: tuple[str, str]
) -> None:
    target, output = _ACCENTED[language]
    usual = Rows(targets=[target] * 3, outputs=[output, target, output])
    written = Rows(
        targets=[unicodedata.normalize(forms[0], text) for text in usual.targets],
        outputs=[unicodedata.normalize(forms[1], text) for text in usual.outputs],
    )
    plain, other = metrics_for(task, usual.targets), metrics_for(task, written.targets)
    for metric, same in zip(plain, other, strict=True):
        if metric.name not in ("bits_per_byte", "perplexity"):  # of the bytes and the tokens as they are
            assert same.signature == metric.signature
            assert total(same, written) == pytest.approx(total(metric, usual)), metric.name
