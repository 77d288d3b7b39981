// Where * and ~ begin and end emphasis: CommonMark's rules, without what they make of Chinese and Japanese punctuation
// (https://github.com/tats-u/markdown-cjk-friendly) and of signs that stand between figures, letters or slashes.
const CJK_PUNCTUATION = /[\u3000-\u303F\uFE10-\uFE1F\uFE30-\uFE6F\uFF01-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65\u2018\u2019\u201C\u201D\u2026\u2014\u00B7]/u;
const CJK_LETTER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\u30FC\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A]/u;
const PUNCTUATION = /[\p{P}\p{S}]/u;
const RUN = /\*+|~~+/g;
const INSIDE_WORD = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}]/u;

const isCjk = (char) => CJK_PUNCTUATION.test(char) || CJK_LETTER.test(char);
const isOtherPunctuation = (char) => PUNCTUATION.test(char) && !CJK_PUNCTUATION.test(char);

function charBefore(text, index) {
  return [...text.slice(Math.max(0, index - 2), index)].at(-1) ?? "";
}

function charAfter(text, index) {
  return [...text.slice(index, index + 2)][0] ?? "";
}

// A sign of multiplication, a comment of a programming language.
function isPlainSign(run, before, after) {
  if (run.length > 1) return false;
  const isProduct = /[A-Za-z0-9)]/.test(before) && /[A-Za-z0-9(]/.test(after) && /\d/.test(before + after);
  return isProduct || before === "/" || after === "/";
}

// marked looks for the end of emphasis in `mask`, which is the text with its code and links blanked out. What stands
// beside a run of signs is replaced by what CommonMark's rules treat as these rules want it; lengths stay the same.
export function adjustMask(mask) {
  const chars = mask.split("");
  for (const { 0: run, index } of mask.matchAll(RUN)) {
    const end = index + run.length;
    const before = charBefore(mask, index);
    const after = charAfter(mask, end);
    if (isPlainSign(run, before, after)) {
      chars.fill("+", index, end);
      continue;
    }
    const put = (char, from, length) => chars.fill(char, from, from + length);
    if (CJK_PUNCTUATION.test(before)) put("a", index - 1, 1);
    else if (CJK_LETTER.test(before) && isOtherPunctuation(after)) put(".", index - before.length, before.length);
    if (CJK_PUNCTUATION.test(after)) put("a", end, 1);
    else if (CJK_LETTER.test(after) && isOtherPunctuation(before)) put(".", end, after.length);
  }
  return chars.join("");
}

// ba**na**na, but neither x**2 + y**2 nor a*b*c.
function isPartOfWord(rest, before) {
  const inner = /^(?:\*\*|~~)([^\s*~]+)(?:\*\*|~~)/.exec(rest)?.[1];
  return inner !== undefined && !/\d/.test(before + inner);
}

// The character that stands before a run, as CommonMark's rule for its beginning should see it; null where no emphasis
// begins here. `rest` begins with the run, `mask` is the whole text as `adjustMask` left it.
export function openingChar(rest, mask, before) {
  const start = mask.length - rest.length;
  if (mask[start] !== rest[0]) return null;
  const run = /^(?:\*+|~+|_+)/.exec(rest)[0];
  const after = charAfter(rest, run.length);
  if (rest[0] === "_") return before;
  // *.txt
  if (after === ".") return null;
  if (INSIDE_WORD.test(before) && INSIDE_WORD.test(after) && !isPartOfWord(rest, before)) return null;
  return before !== rest[0] && (CJK_PUNCTUATION.test(after) || isCjk(before)) ? "" : before;
}
