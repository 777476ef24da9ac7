"""Chat templates: what they write, and what strangers' programs may not do."""

import json
from dataclasses import replace

import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.models.checkpoint.chat import render_chat
from tests.reference import checkpoints

USER = {"role": "user", "content": "Salam <b>"}
CHATML = (
    "{% for m in messages %}\n    {% if m.role == 'system' %}\n[S]{{ m.content }}\n"
    "    {% endif %}\n"
    "<|{{ m.role }}|>{{ m['content'] }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture
def checkpoint(tmp_path):
    checkpoints.write("gpt2", tmp_path)
    return attnviz.load_model(tmp_path).checkpoint


def rendered(checkpoint, template, *messages):
    return render_chat(replace(checkpoint, chat_template=template), messages or [USER])


def test_a_template_writes_as_its_authors_meant(checkpoint, tmp_path):
    (tmp_path / "tokenizer_config.json").write_text('{"eos_token": {"content": "</s>"}}')
    system = {"role": "system", "content": "Be brief."}
    assert rendered(checkpoint, CHATML, system, USER) == (
        "[S]Be brief.\n<|system|>Be brief.</s>\n<|user|>Salam <b></s>\n<|assistant|>"
    )


@pytest.mark.parametrize("place", ["file", "settings", "named"])
def test_where_templates_stand(checkpoint, tmp_path, place):
    given = "X{{ messages[0].content }}"
    if place == "file":
        (tmp_path / "chat_template.jinja").write_text(given)
    else:
        named = [{"name": "tool_use", "template": "T"}, {"name": "default", "template": given}]
        said = {"chat_template": given if place == "settings" else named}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(said))
    assert render_chat(checkpoint, [USER]) == "XSalam <b>"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ messages | tojson }}", '[{"role": "user", "content": "Salam <b>"}]'),
        ("{% generation %}{{ messages[0].role }}{% endgeneration %}", "user"),
        ("{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "012"),
        ("{{ 7 % 4 * 2 }}", "6"),
    ],
)
def test_what_templates_may_do(checkpoint, template, text):
    assert rendered(checkpoint, template) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ 'x' * 10**10 }}",
        "{{ 2 ** 999999999 }}",
        "{{ '%099999999d' % 1 }}",
        "{{ '%099999999d' | format(1) }}",
        "{{ '{:>99999999}'.format(1) }}{{ 'x' | center(99999999) }}",
        "{{ messages.append(1) }}",
        "{% include '/etc/passwd' %}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='x' ~ 'y') %}{% for i in range(60) %}"
        "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ raise_exception('Only user turns.') }}",
        "{% if %}",
    ],
)
def test_what_templates_may_not_do(checkpoint, template):
    with pytest.raises(AttnvizError, match="chat template cannot be used"):
        rendered(checkpoint, template)


def test_a_model_that_was_not_trained_to_talk(checkpoint):
    with pytest.raises(AttnvizError, match="no chat template"):
        render_chat(checkpoint, [USER])
