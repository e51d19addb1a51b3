"""Mapping templates in the Velocity Template Language, sandboxed.

    text ──► airspeed's parser ──► `compile` (closures over what is allowed) ──► Template
    Template.render($input, $context, …) ──► text and overrides | TemplateFailure

airspeed reads the language; it does not run it: its evaluator reaches any Python attribute and
has no bounds. Here every element kind is compiled by name, an unknown one is refused, and values
have no members but those `values` and `objects` list.

INVARIANT: a template sees nothing but `$input`, `$util`, `$context`, `$stageVariables` and its
own variables, and a render ends within the bounds of `limits`.

airspeed is imported when the first template is compiled: workers without templates do without.
"""
