#!/usr/bin/env python3
"""Writes a C++ source that holds files as byte arrays.

usage: embed.py NAMESPACE OUTPUT NAME=FILE ...
The output defines `const std::vector<EmbeddedFile>& NAMESPACE::files()` in the given order.
"""
import sys


def main() -> None:
    namespace, output, *pairs = sys.argv[1:]
    lines = ['#include "base/embedded.hpp"', "", f"namespace {namespace} {{", "namespace {"]
    entries = []
    for index, pair in enumerate(pairs):
        name, path = pair.split("=", 1)
        with open(path, "rb") as file:
            data = file.read()
        # A string literal compiles far faster than a list of numbers; octal escapes end by themselves.
        lines.append(f"constexpr char kData{index}[] =")
        for start in range(0, max(len(data), 1), 4000):
            chunk = data[start : start + 4000]
            lines.append('"' + "".join(escaped(byte) for byte in chunk) + '"')
        lines.append(";")
        entries.append(f'    {{"{name}", std::string_view(kData{index}, {len(data)})}},')
    lines += ["}  // namespace", "", "const std::vector<userd::EmbeddedFile>& files() {"]
    lines += ["    static const std::vector<userd::EmbeddedFile> all = {", *entries, "    };"]
    lines += ["    return all;", "}", f"}}  // namespace {namespace}", ""]
    with open(output, "w", encoding="ascii") as file:
        file.write("\n".join(lines))


def escaped(byte: int) -> str:
    char = chr(byte)
    if char in '"\\?' or byte < 32 or byte > 126:
        return f"\\{byte:03o}"
    return char


main()
