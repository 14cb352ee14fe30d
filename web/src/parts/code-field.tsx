/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A field for code, with colours and suggestions. Tab leaves it; undo is the screen's. It brings a large
 * library: screens load it lazily.
 */
import { autocompletion, type Completion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { PostgreSQL, SQLDialect, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { getNonce } from "get-nonce";
import { useEffect, useRef } from "react";

export interface Suggestion {
  /* What is written. */
  text: string;
  /* What it is, in words. */
  about: string;
}

interface Props {
  value: string;
  onChange: (value: string) => void;
  language: "sql" | "json";
  label: string;
  /* Id of what describes it: hints, errors. */
  describedBy?: string | undefined;
  invalid?: boolean;
  readOnly?: boolean;
  hint?: string;
  /* Offered where "{{" was begun, or on Ctrl Space. */
  suggestions?: Suggestion[];
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.propertyName], color: "var(--code-key)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.comment], color: "var(--muted)" },
]);

/* Ctrl Enter is the screen's. */
const ourKeymap = defaultKeymap.filter(({ key }) => key !== "Mod-Enter");

const looks = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--text)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--mono)", lineHeight: "20px", caretColor: "var(--text)", padding: "6px 0" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--muted)" },
  ".cm-scroller": { fontFamily: "var(--mono)", maxHeight: "min(60vh, 480px)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-soft)",
  },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", border: "1px solid var(--line)", borderRadius: "4px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "20px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--text)" },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal" },
});

/* Words of some standard, which people know as names of columns. */
const dialect = SQLDialect.define({
  ...PostgreSQL.spec,
  keywords:
    PostgreSQL.spec.keywords?.replace(/\b(id|name|title|key|value|status|state|total|count|item|data) /g, "") ?? "",
});

export default function CodeField({
  value,
  onChange,
  language,
  label,
  describedBy,
  invalid = false,
  readOnly = false,
  hint,
  suggestions = [],
}: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const attributes = useRef(new Compartment());
  const told = useRef(onChange);
  told.current = onChange;
  const offered = useRef(suggestions);
  offered.current = suggestions;
  const first = useRef({ value, language, hint });

  const described = () => [
    EditorView.contentAttributes.of({
      "aria-label": label,
      "aria-invalid": String(invalid),
      "aria-readonly": String(readOnly),
      ...(describedBy ? { "aria-describedby": describedBy } : {}),
      spellcheck: "false",
      autocorrect: "off",
      autocapitalize: "off",
    }),
    EditorState.readOnly.of(readOnly),
  ];
  const describe = useRef(described);
  describe.current = described;

  useEffect(() => {
    if (!place.current) return;
    const { value: text, language: kind, hint: hinted } = first.current;
    const values = (
      context: Parameters<NonNullable<NonNullable<Parameters<typeof autocompletion>[0]>["override"]>[number]>[0],
    ) => {
      const begun = context.matchBefore(/\{\{[^{}"\n]*/);
      if (!begun && !context.explicit) return null;
      const inText = begun !== null || isInText(context.state.sliceDoc(0, context.pos));
      return {
        from: begun?.from ?? context.pos,
        options: offered.current.map(
          (one): Completion => ({
            label: `{{ ${one.text} }}`,
            detail: one.about,
            apply: (editor, _completion, from, to) => {
              const behind = begun ? (/^\s*\}\}/.exec(editor.state.sliceDoc(to, to + 8))?.[0].length ?? 0) : 0;
              const written = inText ? `{{ ${one.text} }}` : `"{{ ${one.text} }}"`;
              editor.dispatch({
                changes: { from, to: to + behind, insert: written },
                selection: { anchor: from + written.length },
              });
            },
          }),
        ),
      };
    };
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorView.cspNonce.of(getNonce() ?? ""),
          kind === "sql" ? sql({ dialect, upperCaseKeywords: true }) : json(),
          kind === "sql"
            ? [lineNumbers(), autocompletion({ activateOnTyping: false })]
            : autocompletion({ override: [values] }),
          syntaxHighlighting(colours),
          bracketMatching(),
          closeBrackets(),
          drawSelection(),
          EditorView.lineWrapping,
          keymap.of([...completionKeymap, ...ourKeymap]),
          hinted ? placeholder(hinted) : [],
          looks,
          attributes.current.of(describe.current()),
          /*
           * Over a selection the browser would keep the colours of what was there, in a style attribute that
           * the content policy forbids: so it is not the browser that replaces it.
           */
          EditorView.domEventHandlers({
            beforeinput: (event, editor) => {
              const { from, to, empty } = editor.state.selection.main;
              if (event.inputType !== "insertText" || !event.data || empty || editor.composing) return false;
              const typed = event.data;
              const insert = () =>
                editor.state.update(editor.state.replaceSelection(typed), { userEvent: "input.type" });
              event.preventDefault();
              const taken = editor.state
                .facet(EditorView.inputHandler)
                .some((handle) => handle(editor, from, to, typed, insert));
              if (!taken) editor.dispatch(insert());
              return true;
            },
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((one) => one.isUserEvent("outside")))
              told.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = undefined;
      made.destroy();
    };
  }, []);

  /* What changed elsewhere, as by undo. */
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: value },
      userEvent: "outside",
    });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: attributes.current.reconfigure(describe.current()) });
  }, [label, describedBy, invalid, readOnly]);

  return <div className="code-field" ref={place} data-invalid={invalid || undefined} />;
}

/* Whether JSON that ends here is within a text. */
function isInText(before: string): boolean {
  return (before.replace(/\\./g, "").match(/"/g)?.length ?? 0) % 2 === 1;
}
