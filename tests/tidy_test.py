"""The house's rules that a compiler cannot see: who may include whom, where SQL may stand, how long a file may be, and that every
reason and every RPC is documented and tested. Run by ctest; by hand: python3 tests/tidy_test.py"""

import os
import re
import subprocess
import unittest

# Reasons and RPCs that no test shows yet. Both lists must end empty.
REASONS_NOT_YET_TESTED = []
RPCS_NOT_YET_TESTED = []

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP_LEVEL = {"CMakeLists.txt", "README.md", "db", "deploy", "domain", "proto", "services", "tests"}
CODE = (".h", ".cc", ".proto", ".sql", ".py", ".mjs", ".cmake", ".sh")
MOST_LINES = 650
MOST_COLUMNS = 140
MOST_LINES_OF_FUNCTION = 90
NOT_A_FUNCTION = re.compile(r"(namespace|struct|class|enum|constexpr|const|static const|extern)\b")


def list_files():
    """Paths below the top folder, without what git ignores."""
    command = ["git", "-C", TOP, "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        paths = listing.stdout.splitlines()
    else:
        paths = []
        for folder, folders, names in os.walk(TOP):
            folders[:] = [name for name in folders if name not in ("build", "node_modules", ".git", ".cache") and name[:6] != "build-"]
            paths += [os.path.relpath(os.path.join(folder, name), TOP) for name in names]
    return sorted(path for path in set(paths) if os.path.isfile(os.path.join(TOP, path)))


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as file:
        return file.read()


FILES = list_files()
NAMED = ("CMakeLists.txt", "README.md", "run", "up", "down", "cluster")
TEXT = {path: read(path) for path in FILES if path.endswith(CODE) or os.path.basename(path) in NAMED}


def below(folder, *endings):
    return [path for path in TEXT if path.startswith(folder + "/") and (not endings or path.endswith(endings))]


def includes(path):
    return [(number, match.group(1), match.group(2)) for number, line in enumerate(TEXT[path].splitlines(), 1)
            if (match := re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line))]


def literals(text):
    """The string literals of C++ source, raw ones too, comments left out."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"([A-Za-z_]*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'', re.S)
    return [match.group(2) or match.group(3) or "" for match in pattern.finditer(text)]


def reasons():
    """(enumerator, NAME, kind, role) of domain/error.h, in its order."""
    return re.findall(r'\bX\((\w+), "(\w+)", (\w+), "([^"]+)"\)', TEXT["domain/error.h"])


def rpcs():
    """(path, line number, name) of every RPC."""
    return [(path, number, match.group(1)) for path in below("proto", ".proto")
            for number, line in enumerate(TEXT[path].splitlines(), 1) if (match := re.match(r"\s*rpc (\w+)\(", line))]


def tests_text():
    return "\n".join(TEXT[path] for path in below("tests", ".cc", ".h", ".mjs", ".py") if path != "tests/tidy_test.py")


class Tidy(unittest.TestCase):
    maxDiff = None

    def expect_none(self, faults):
        self.assertFalse(faults, "\n" + "\n".join(faults))

    def test_the_top_level_holds_only_the_fixed_names(self):
        found = {path.split("/")[0] for path in FILES}
        self.expect_none([f"{name}: not one of the fixed names" for name in sorted(found - TOP_LEVEL) if not name.startswith(".")])

    def test_the_domain_knows_only_the_standard_library_and_itself(self):
        faults = []
        unwanted = {"iostream", "fstream", "filesystem", "random", "thread", "mutex", "ctime"}
        for path in below("domain", ".h", ".cc"):
            for number, mark, name in includes(path):
                standard = mark == "<" and re.fullmatch(r"[a-z_0-9]+", name) and name not in unwanted
                if not (standard or name == "tl/expected.hpp" or name.startswith("domain/")):
                    faults.append(f"{path}:{number}: domain/ may not include {name}")
            for number, line in enumerate(TEXT[path].splitlines(), 1):
                if re.search(r"_clock::now|\brand\(|getenv|\bf?printf\(|fopen", line.split("//")[0]):
                    faults.append(f"{path}:{number}: domain/ reads no clock, no randomness, no environment")
        self.expect_none(faults)

    def test_only_db_knows_pqxx_and_shows_it_to_nobody(self):
        # Headers that show pqxx, also through others, are db's own.
        private = {"pqxx"}
        while True:
            more = {path for path in below("db", ".h") if any(name in private or name.startswith("pqxx/") for _, _, name in includes(path))}
            if more <= private:
                break
            private |= more
        faults = []
        for path in TEXT:
            if path.endswith((".h", ".cc")) and not path.startswith(("db/", "tests/db/")):
                faults += [f"{path}:{number}: {name} outside db/" for number, _, name in includes(path)
                           if name in private or name.startswith("pqxx/")]
        self.expect_none(faults)

    def test_db_includes_neither_services_nor_proto(self):
        faults = []
        for path in below("db", ".h", ".cc"):
            for number, mark, name in includes(path):
                ours = mark == '"'
                if name.startswith(("grpc", "google/", "spdlog")) or (ours and not name.startswith(("db/", "domain/"))):
                    faults.append(f"{path}:{number}: db/ may not include {name}")
        self.expect_none(faults)

    def test_the_command_line_client_sees_only_what_is_said(self):
        faults = []
        for path in below("services/mesctl", ".h", ".cc"):
            for number, _, name in includes(path):
                of_the_server = name.startswith("services/") and not name.startswith("services/mesctl/")
                if of_the_server or name.startswith(("domain/", "db/", "pqxx", "libpq")):
                    faults.append(f"{path}:{number}: a client may not include {name}")
        self.expect_none(faults)

    def test_sql_stands_only_in_db(self):
        sql = re.compile(r"\bselect\s+[^;]{1,400}?\sfrom\s+\w+|\binsert\s+into\s+\w+|\bupdate\s+\w+(\s+\w+)?\s+set\s|"
                         r"\bdelete\s+from\s+\w+", re.S)
        faults = []
        for path in below("services", ".h", ".cc") + below("domain", ".h", ".cc"):
            faults += [f"{path}: SQL in a literal: {literal[:60]!r}" for literal in literals(TEXT[path]) if sql.search(literal)]
        self.expect_none(faults)

    def test_sql_is_lower_case_and_names_its_columns(self):
        faults = []
        for path in below("db", ".h", ".cc", ".sql"):
            pieces = literals(TEXT[path]) if not path.endswith(".sql") else [re.sub(r"--[^\n]*", "", TEXT[path])]
            for piece in pieces:
                if re.search(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|CREATE TABLE)\b", piece):
                    faults.append(f"{path}: SQL in upper case: {piece[:60]!r}")
                if re.search(r"\bselect\s+(\w+\.)?\*(?!\s+from\s+unnest)", piece):
                    faults.append(f"{path}: select *, where columns should be named: {piece[:60]!r}")
        self.expect_none(faults)

    def test_files_lines_and_functions_are_short(self):
        faults = []
        for path, text in TEXT.items():
            if os.path.basename(path) == "README.md":
                continue
            lines = text.splitlines()
            if len(lines) > MOST_LINES:
                faults.append(f"{path}: {len(lines)} lines, at most {MOST_LINES}")
            if path.endswith((".h", ".cc", ".proto", ".sql", ".py", ".mjs")):
                wide = [number for number, line in enumerate(lines, 1) if len(line) > MOST_COLUMNS]
                if wide and not path.startswith("proto/"):
                    faults.append(f"{path}:{wide[0]}: {len(lines[wide[0] - 1])} columns, at most {MOST_COLUMNS} ({len(wide)} such lines)")
            if path.endswith(".cc"):
                start = None
                for number, line in enumerate(lines, 1):
                    if line.endswith("{") and re.match(r"[^\s}#/]", line) and not NOT_A_FUNCTION.match(line):
                        start = number
                    elif line.startswith("}") and start is not None:
                        if number - start > MOST_LINES_OF_FUNCTION and not path.startswith("tests/"):
                            faults.append(f"{path}:{start}: a function of {number - start} lines, at most {MOST_LINES_OF_FUNCTION}")
                        start = None
        self.expect_none(faults)

    def test_every_header_opens_with_what_it_promises(self):
        headers = [path for path in TEXT if path.endswith(".h")]
        self.expect_none([f"{path}: does not open with a comment" for path in headers if not TEXT[path].startswith("//")])

    def test_names_say_something(self):
        pattern = re.compile(r"^\s*(?:class|struct|enum class)\s+(\w*(?:Manager|Helper|Utils?|Impl|Base|Data|Info))\b(?!;)", re.M)
        faults = []
        for folder in ("domain", "db", "services"):
            for path in below(folder, ".h", ".cc"):
                faults += [f"{path}: {name}: say what it is" for name in pattern.findall(TEXT[path])]
        self.expect_none(faults)

    def test_nothing_is_left_to_do(self):
        marks = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
        self.expect_none([f"{path}:{number}: finish it, or say it in README's known gaps" for path, text in TEXT.items()
                          for number, line in enumerate(text.splitlines(), 1) if marks.search(line)])

    def test_nothing_names_a_developers_machine_or_a_registry(self):
        machine = re.compile(r"(?<![\w.$}])/(work|farm|root|home)/\w|/tmp/bash[_]|registry\.npmjs\.|(deb|security)\.debian\.org")
        faults = []
        for path in FILES:
            if path.endswith((".png", ".jpg")):
                continue
            faults += [f"{path}:{number}: {match.group(0)}" for number, line in enumerate(read(path).splitlines(), 1)
                       if (match := machine.search(line)) and path != "tests/tidy_test.py"]
        self.expect_none(faults)

    def test_only_a_benchmark_goes_without_the_audit(self):
        ours = ("db/audit.h", "db/audit.cc", "tests/tidy_test.py")
        self.expect_none([path for path, text in TEXT.items()
                          if "WriteAudit(" in text and path not in ours and not path.startswith("tests/bench/")])

    def test_migrations_have_each_a_number_of_its_own(self):
        numbers = sorted(int(os.path.basename(path)[:4]) for path in FILES if path.startswith("db/migrations/"))
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_the_readme_lists_every_reason_with_its_role_in_the_catalogues_order(self):
        section = TEXT["README.md"].split("## The gate and its reasons", 1)[-1].split("\n## ", 1)[0]
        rows = re.findall(r"^\| `([A-Z0-9_]+)` \|.*\| ([a-z ]+) \|$", section, re.M)
        self.assertEqual(rows, [(name, role) for _, name, _, role in reasons()])

    def test_every_reason_is_shown_by_a_test(self):
        text = tests_text()
        missing = [name for enumerator, name, _, _ in reasons() if not re.search(rf"\bReason::k{enumerator}\b|\b{name}\b", text)]
        self.assertEqual([name for name in missing if name not in REASONS_NOT_YET_TESTED], [])

    def test_every_rpc_has_a_comment(self):
        faults = []
        for path, number, name in rpcs():
            if not TEXT[path].splitlines()[number - 2].strip().startswith("//"):
                faults.append(f"{path}:{number}: {name} has no comment")
        self.expect_none(faults)

    def test_every_rpc_is_called_by_a_test(self):
        text = tests_text()
        missing = [name for _, _, name in rpcs() if not re.search(rf"\b{name}\b", text)]
        self.assertEqual([name for name in missing if name not in RPCS_NOT_YET_TESTED], [])


if __name__ == "__main__":
    unittest.main()
