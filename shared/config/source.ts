import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { Problem } from '#shared/config/problem.ts';
import { findInstructions, type Offence } from '#shared/config/yaml-tokens.ts';

/** A place in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML 1.2 file: its value with aliases resolved, what is wrong with its syntax, and where what stands in it. */
export interface Source {
  /** Means nothing unless `isReadable`. */
  readonly value: unknown;
  /** False when the syntax leaves no value to speak of. */
  readonly isReadable: boolean;
  /** What is wrong with the syntax. */
  readonly problems: readonly (Place & { readonly message: string })[];
  placeOf(problem: Pick<Problem, 'path' | 'atKey'>): Place;
}

const startOf = (node: Node | null | undefined): number => node?.range?.[0] ?? 0;
const isEmpty = (node: Node): boolean => node.range?.[0] === node.range?.[1];

const FIXES: ReadonlyMap<string, string> = new Map([
  ['DUPLICATE_KEY', 'this key stands here twice; remove one of them'],
  ['MULTIPLE_DOCS', 'a second document begins here; keep one document in the file'],
  ['NON_STRING_KEY', 'a list or a map stands here for a key, which has to be text; put it in quotes'],
  ['TAB_AS_INDENT', 'a tab is used to indent; use spaces'],
]);

/** What stands under a key or at an index, and where it is introduced: at its key, or, in a list, at itself. */
const stepInto = (
  container: unknown,
  step: string | number,
): { node: Node | null; introducedAt: number } | undefined => {
  if (isSeq<Node>(container)) {
    const node = container.items[Number(step)];
    return node && { node, introducedAt: startOf(node) };
  }
  if (!isMap<Node, Node | null>(container)) return undefined;
  const pair = container.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair && { node: pair.value, introducedAt: startOf(pair.key) };
};

/** Where a path leads, or as far along it as there is something. What is empty or missing is shown at its key. */
const offsetOf = (document: Document.Parsed, { path, atKey = false }: Pick<Problem, 'path' | 'atKey'>): number => {
  let node: Node | null = document.contents;
  let introducedAt = startOf(node);
  for (const step of path) {
    const found = stepInto(isAlias(node) ? node.resolve(document) : node, step);
    if (found === undefined) return introducedAt;
    ({ node, introducedAt } = found);
  }
  return atKey || node === null || isEmpty(node) ? introducedAt : startOf(node);
};

const findUnresolved = (document: Document.Parsed): Offence[] => {
  const found: Offence[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) {
        const message = `there is no anchor &${alias.source} before this alias; write it or repeat the lines`;
        found.push({ offset: startOf(alias), message });
      }
    },
  });
  return found;
};

/** A key that stands there twice still leaves a value, of which more can be said. */
const isTolerable = ({ code }: YAMLError): boolean => code === 'DUPLICATE_KEY';

const toOffence = ({ code, message, pos }: YAMLError): Offence => ({
  offset: pos[0],
  message: FIXES.get(code) ?? message.replaceAll(/\s+/g, ' '),
});

interface Syntax {
  readonly offences: readonly Offence[];
  /** Whether nobody can say what the text means. */
  readonly isFatal: boolean;
}

/**
 * What is wrong with the syntax, the parser's warnings among it: what leaves the parser in doubt means another thing to its
 * reader. Of the errors that leave no value only the first counts, and nothing behind it: because of it the parser stumbles
 * over what follows.
 */
const judgeSyntax = ({ errors, warnings }: Document.Parsed, text: string): Syntax => {
  const instructions = findInstructions(text);
  const said = new Set(instructions.map(({ offset }) => offset));
  const isUnsaid = ({ pos }: YAMLError): boolean => !said.has(pos[0]);
  const [first] = errors
    .filter((error) => isUnsaid(error) && !isTolerable(error))
    .toSorted((one, other) => one.pos[0] - other.pos[0]);
  const isBefore = (offset: number): boolean => first === undefined || offset < first.pos[0];
  const others = [
    ...errors.filter(isTolerable),
    ...warnings.filter((warning) => isUnsaid(warning) && isBefore(warning.pos[0])),
  ];
  return {
    offences: [
      ...instructions.filter(({ offset }) => isBefore(offset)),
      ...[...(first === undefined ? [] : [first]), ...others].map(toOffence),
    ],
    isFatal: first !== undefined || instructions.length > 0,
  };
};

/** The document as plain data; it has none when its aliases multiply beyond reason. */
const toValue = (document: Document.Parsed): { value: unknown; offences: Offence[] } => {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), offences: [] };
  } catch {
    return {
      value: undefined,
      offences: [{ offset: 0, message: 'aliases refer to aliases too often; repeat lines instead' }],
    };
  }
};

/** Reads YAML. Never throws: whatever is wrong is among the problems. */
export const readYaml = (text: string): Source => {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    // Else a key such as 007 would become the number 7, and a key that is a map some text.
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  const syntax = judgeSyntax(document, text);
  const unresolved = findUnresolved(document);
  const isReadable = unresolved.length === 0 && !syntax.isFatal;
  const { value, offences } = isReadable ? toValue(document) : { value: undefined, offences: unresolved };
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  return {
    value,
    isReadable: isReadable && offences.length === 0,
    problems: [...syntax.offences, ...offences].map(({ offset, message }) => ({
      ...placeAt(offset),
      message,
    })),
    placeOf: (problem) => placeAt(offsetOf(document, problem)),
  };
};
