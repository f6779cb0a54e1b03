"""Manual pages and completions are made from the tables of the programs: each word of the help is
in them, and the tools that read them have nothing to object to."""
import os
import re
import shutil
import subprocess

import pytest

from rhumbd import BIN

PROGRAMS = ("rhumb", "rhumbd")


def run(*words, **options):
    return subprocess.run(
        [str(w) for w in words], capture_output=True, text=True, timeout=60, **options
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    home = tmp_path_factory.mktemp("pages")
    for program in PROGRAMS:
        done = run(BIN / program, "--write-pages", home)
        assert done.returncode == 0, done.stderr
    done = run(BIN / "rhumb-plugin-check", "--print-man")
    assert done.returncode == 0, done.stderr
    (home / "man1" / "rhumb-plugin-check.1").write_text(done.stdout)
    return home


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed (packaging/dependencies.sh test)")


def rendered(page):
    done = run("groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rLL=200n", page)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def commands():
    section = run(BIN / "rhumb", "--help").stdout.split("Commands:")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z]+)  ", section, re.M)


def test_there_is_a_page_for_each_program_file_and_command(pages):
    names = {p.name for p in pages.glob("man*/*")}
    expected = {"rhumb.1", "rhumbd.8", "rhumb.yaml.5", "rhumb-plugin-check.1"}
    assert len(commands()) >= 7
    assert names == expected | {f"rhumb-{c}.1" for c in commands()}


def test_groff_and_man_have_nothing_to_object_to(pages):
    needs("groff")
    for page in pages.glob("man*/*"):
        text = rendered(page)
        assert "NAME" in text and "SEE ALSO" in text, page
        if shutil.which("man"):
            done = run("man", "--warnings", "-l", page, env={**os.environ, "LC_ALL": "C.UTF-8"})
            assert done.returncode == 0 and not done.stderr, (page, done.stderr)


def test_the_pages_have_each_option_of_the_help(pages):
    needs("groff")
    for program, page in [("rhumbd", "man8/rhumbd.8"), ("rhumb-plugin-check", None)]:
        text = rendered(pages / (page or "man1/rhumb-plugin-check.1"))
        options = set(re.findall(r"--[a-z-]+", run(BIN / program, "--help").stdout))
        assert len(options) >= 5 and all(o in text for o in options), (program, options)
    for command in commands():
        text = rendered(pages / f"man1/rhumb-{command}.1")
        options = set(re.findall(r"--[a-z-]+", run(BIN / "rhumb", command, "--help").stdout))
        assert options and all(o in text for o in options), (command, options, text)


def test_the_page_of_the_configuration_has_each_key(pages):
    needs("groff")
    text = rendered(pages / "man5/rhumb.yaml.5")
    printed = run(BIN / "rhumbd", "--print-config").stdout
    keys = re.findall(r"^  ([a-z_]+):", printed, re.M)
    assert len(keys) > 20 and all(re.search(rf"^ +{k}\b", text, re.M) for k in keys)
    assert "RHUMB_HTTP_PORT" in text


BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "_$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
zmodload zsh/zpty
zpty z zsh -f -i
put() { zpty -w z "$1" }
put 'PS1= PS2= RPS1=; unsetopt beep; fpath=('$1' $fpath); autoload -Uz compinit'
put 'compinit -u -D'
put 'zstyle ":completion:*" list-prompt ""; zstyle ":completion:*" menu no'
put 'complete-word-and-show() { zle complete-word; print -r -- "<<$BUFFER>>"; zle send-break }'
put 'zle -N complete-word-and-show; bindkey "^I" complete-word-and-show'
put 'print ready-now'
zpty -r z out '*ready-now*ready-now*'
zpty -w -n z "$2"$'\\t'
zpty -r z out '*<<*>>*'
print -r -- "${${out##*<<}%%>>*}"
zpty -d z
"""


def completed(shell, pages, words):
    """What the shell offers for the last of the words."""
    program = words[0]
    if shell == "bash":
        done = run("bash", "-c", BASH, "bash", pages / "bash" / program, *words)
        offered = done.stdout.split()
    elif shell == "fish":
        line = " ".join(words)
        done = run(
            "fish", "--no-config", "-c", f"source {pages}/fish/{program}.fish; complete -C '{line}'"
        )
        offered = [row.split("\t")[0] for row in done.stdout.splitlines()]
    else:
        done = run("zsh", "-f", "-c", ZSH, "zsh", pages / "zsh", " ".join(words))
        offered = [done.stdout.split()[-1]] if done.stdout.split() else []
    assert not done.stderr, done.stderr
    return set(offered)


WORDS = [
    (["rhumb", "imp"], {"import"}),
    (["rhumb", "search", "x", "--li"], {"--like", "--limit"}),
    (["rhumb", "status", "--out"], {"--output"}),
    (["rhumb", "collections", "cr"], {"create"}),
    (["rhumb", "size", "--datatype", "ui"], {"uint8"}),
    (["rhumbd", "doc"], {"doctor"}),
    (["rhumbd", "--print-c"], {"--print-config"}),
]


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
@pytest.mark.parametrize("words,expected", WORDS, ids=[" ".join(w) for w, _ in WORDS])
def test_a_shell_completes_a_word(pages, shell, words, expected):
    needs(shell)
    if shell == "zsh":
        if len(expected) > 1:
            expected = {os.path.commonprefix(sorted(expected))}
    assert completed(shell, pages, words) == expected


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_completions_are_valid_scripts(pages, program):
    for shell, file in [("bash", program), ("zsh", f"_{program}"), ("fish", f"{program}.fish")]:
        if shutil.which(shell):
            done = run(shell, "-n", pages / shell / file)
            assert done.returncode == 0 and not done.stderr, done.stderr
