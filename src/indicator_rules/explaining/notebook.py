"""An evaluation as a notebook shows it: the criteria with points, weight and the reason for each loss; total and grade below.

In: an evaluation, a language. Out: HTML without style sheets or scripts, every text escaped.
"""

from __future__ import annotations

from indicator_rules import messages
from indicator_rules.evaluation import Evaluation
from indicator_rules.exact import to_text
from indicator_rules.explaining.explain import number_text
from indicator_rules.html_table import html_table
from indicator_rules.messages import Language


def evaluation_html(evaluation: Evaluation, lang: Language | None = None) -> str:
    """`evaluation` as a table."""
    lang = lang or messages.language()
    subject = evaluation.record.subject
    title = messages.text("render.subject", {"name": subject.name, "year": subject.year}, lang)
    rows = [tuple(messages.text(f"render.{key}", {}, lang) for key in ("criterion", "points", "weight", "lost"))]
    for result in evaluation.criteria:
        label = result.criterion.label.text(lang)
        sentence = evaluation.explain(result.id).sentences[lang] if result.exact_lost > 0 else ""
        rows.append((label, number_text(result.exact_points), number_text(result.exact_weight), sentence))
    return html_table(title, rows, numbers=(1, 2), below=_total(evaluation, lang))


def _total(evaluation: Evaluation, lang: Language) -> list[str]:
    total, position = evaluation.exact_total, evaluation.grade_position
    if total is None or position is None:
        return [messages.text("render.no-total", {}, lang)]
    values = {"total": to_text(total), "full": number_text(evaluation.plan.full_score), "rounded": ""}
    told = messages.text("render.total", {**values, "grade": evaluation.plan.grade_labels[position].text(lang)}, lang)
    sentence = evaluation.explain().sentences[lang]
    return [told, *([sentence] if sentence else [])]
