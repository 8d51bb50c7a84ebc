"""`python -m infra.check`: what the Bicep compiler, Azure and a reviewer would object to, without them.

Every file is parsed (tree-sitter-bicep), every name resolved, every module call held against the module,
every resource against Azure's published types (azure_types.json), and the whole against the code: which
settings it reads and which roles its clients need.
"""
