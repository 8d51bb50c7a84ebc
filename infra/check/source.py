"""A Bicep file as a syntax tree with its declarations, and small questions about nodes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_PARSER: Final = Parser(Language(tree_sitter_bicep.language()))

_KINDS: Final[Mapping[str, str]] = {
    "parameter_declaration": "parameter",
    "variable_declaration": "variable",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, and where."""

    path: Path
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.text}"


@dataclass(frozen=True, eq=False)
class Declaration:
    """A parameter, variable, resource, module or output."""

    kind: str
    name: str
    node: Node
    decorators: Mapping[str, Node] = field(default_factory=dict)
    """Name to its call expression."""

    @property
    def value(self) -> Node | None:
        """The value after `=`; None where there is none."""
        equals = next((index for index, child in enumerate(self.node.children) if child.type == "="), None)
        if equals is None:
            return None
        return next((child for child in self.node.children[equals + 1 :] if child.is_named), None)

    @property
    def primitive_type(self) -> str | None:
        """`string`, `int`, `bool`, `object` or `array`, as declared of a parameter or output."""
        declared = next((child for child in self.node.named_children if child.type == "type"), None)
        if declared is None:
            return None
        if any(child.type == "array_type" for child in declared.named_children):
            return "array"
        text = text_of(declared).rstrip("?")
        return text if text in {"string", "int", "bool", "object", "array"} else None

    @property
    def is_required(self) -> bool:
        """Whether a module call must give this parameter."""
        return self.value is None and not text_of(self.node).rstrip().endswith("?")

    @property
    def body(self) -> Node | None:
        """The object of a resource or module, inside its loop and condition."""
        node = self.value
        while node is not None and node.type in ("for_statement", "if_statement"):
            node = node.named_children[-1]
        return node if node is not None and node.type == "object" else None

    @property
    def is_existing(self) -> bool:
        """Whether the resource is only referred to."""
        return any(child.type == "existing" for child in self.node.children)

    @cached_property
    def reference(self) -> str:
        """The string after the name: `type@version` of a resource, the path of a module."""
        string = next((child for child in self.node.named_children if child.type == "string"), None)
        return (literal(string) if string is not None else None) or ""

    @property
    def type_name(self) -> str:
        """Of a resource, without its version."""
        return self.reference.partition("@")[0]


class BicepFile:
    """One parsed file. `path` is as findings should show it."""

    def __init__(self, path: Path, source: bytes) -> None:
        self.path = path
        self.root = _PARSER.parse(source).root_node
        self.source = source
        self.declarations: dict[str, Declaration] = {}
        self.outputs: dict[str, Declaration] = {}
        self.duplicates: list[Declaration] = []
        self._collect()

    @classmethod
    def read(cls, path: Path) -> BicepFile:
        """Parse a file. Syntax errors are in the tree: see `names.check_syntax`."""
        return cls(path, path.read_bytes())

    def of_kind(self, kind: str) -> list[Declaration]:
        """Declarations of one kind, in order."""
        table = self.outputs if kind == "output" else self.declarations
        return [one for one in table.values() if one.kind == kind]

    @cached_property
    def nodes(self) -> list[Node]:
        """All of the file."""
        return list(walk(self.root))

    @property
    def parameters(self) -> dict[str, Declaration]:
        """By name."""
        return {one.name: one for one in self.of_kind("parameter")}

    @property
    def resources(self) -> list[Declaration]:
        """Those of the file itself, `existing` ones too."""
        return self.of_kind("resource")

    @property
    def modules(self) -> list[Declaration]:
        """Module calls."""
        return self.of_kind("module")

    def finding(self, node: Node, text: str) -> Finding:
        """A finding at the beginning of `node`."""
        row, column = node.start_point
        return Finding(self.path, row + 1, column + 1, text)

    def _collect(self) -> None:
        decorators: dict[str, Node] = {}
        for node in self.root.named_children:
            if node.type in ("decorators", "decorator"):
                for call in walk(node):
                    if call.type == "call_expression" and call.parent and call.parent.type == "decorator":
                        decorators[function_name(call)] = call
                continue
            kind = _KINDS.get(node.type)
            name = next((child for child in node.named_children if child.type == "identifier"), None)
            if kind is not None and name is not None:
                self._add(Declaration(kind, text_of(name), node, decorators))
            if node.type != "comment":
                decorators = {}

    def _add(self, declaration: Declaration) -> None:
        table = self.outputs if declaration.kind == "output" else self.declarations
        if declaration.name in table:
            self.duplicates.append(declaration)
        else:
            table[declaration.name] = declaration


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, parents first, in the order of the text."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.named_children))


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode()


def literal(node: Node) -> str | None:
    """The text of a string without interpolation; None for anything else."""
    if node.type != "string" or any(child.type == "interpolation" for child in node.named_children):
        return None
    return text_of(node).strip("'").strip("\n")


def function_name(call: Node) -> str:
    """The name that a call expression calls: `f` of `f()`, `sys.f()` and `x.f()`."""
    function = call.child_by_field_name("function")
    return "" if function is None else text_of(function).rpartition(".")[2]


def entries(node: Node) -> dict[str, tuple[Node, Node]]:
    """Keys of an object to (property, value). Keys that are computed are left out."""
    found = {}
    for child in node.named_children:
        if child.type == "object_property" and len(child.named_children) >= 2:
            key, value = child.named_children[0], child.named_children[-1]
            name = literal(key) if key.type == "string" else text_of(key)
            if name is not None:
                found[name] = (child, value)
    return found
