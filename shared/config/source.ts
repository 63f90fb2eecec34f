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

/** A position in a file, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML 1.2 file: its value with aliases resolved, its syntax problems, and the positions of its nodes. */
export interface Source {
  /** Undefined unless `isReadable`. */
  readonly value: unknown;
  /** False if the syntax yields no usable value. */
  readonly isReadable: boolean;
  /** Syntax problems. */
  readonly problems: readonly (Place & { readonly message: string })[];
  placeOf(problem: Pick<Problem, 'path' | 'atKey'>): Place;
}

const startOf = (node: Node | null | undefined): number => node?.range?.[0] ?? 0;
const isEmpty = (node: Node): boolean => node.range?.[0] === node.range?.[1];

const FIXES: ReadonlyMap<string, string> = new Map([
  ['DUPLICATE_KEY', 'this key is used twice; remove one of them'],
  ['MULTIPLE_DOCS', 'a second document begins here; keep one document in the file'],
  ['NON_STRING_KEY', 'a list or a map is used as a key, which must be text; put it in quotes'],
  ['TAB_AS_INDENT', 'a tab is used for indentation; use spaces'],
]);

/** Node under a key or at an index, and its start: that of the key, or in a list that of the node itself. */
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

/**
 * Offset of the node at a path, or of its last existing ancestor. An empty or missing node has the offset of its key.
 */
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
        const message = `there is no anchor &${alias.source} before this alias; define it or repeat the lines`;
        found.push({ offset: startOf(alias), message });
      }
    },
  });
  return found;
};

/** A duplicate key still yields a value that can be checked further. */
const isTolerable = ({ code }: YAMLError): boolean => code === 'DUPLICATE_KEY';

const toOffence = ({ code, message, pos }: YAMLError): Offence => ({
  offset: pos[0],
  message: FIXES.get(code) ?? message.replaceAll(/\s+/g, ' '),
});

interface Syntax {
  readonly offences: readonly Offence[];
  /** True if the text has no definite meaning. */
  readonly isFatal: boolean;
}

/**
 * Returns the syntax problems, including the parser's warnings: text that is ambiguous to the parser can mean something
 * else to its reader. Of the fatal errors only the first is reported, and nothing after it, because the rest follows
 * from it.
 */
const judgeSyntax = ({ errors, warnings }: Document.Parsed, text: string): Syntax => {
  const instructions = findInstructions(text);
  const reportedOffsets = new Set(instructions.map(({ offset }) => offset));
  const isUnreported = ({ pos }: YAMLError): boolean => !reportedOffsets.has(pos[0]);
  const [first] = errors
    .filter((error) => isUnreported(error) && !isTolerable(error))
    .toSorted((one, other) => one.pos[0] - other.pos[0]);
  const isBefore = (offset: number): boolean => first === undefined || offset < first.pos[0];
  const others = [
    ...errors.filter(isTolerable),
    ...warnings.filter((warning) => isUnreported(warning) && isBefore(warning.pos[0])),
  ];
  return {
    offences: [
      ...instructions.filter(({ offset }) => isBefore(offset)),
      ...[...(first === undefined ? [] : [first]), ...others].map(toOffence),
    ],
    isFatal: first !== undefined || instructions.length > 0,
  };
};

/** Converts the document to plain data. Fails if its aliases expand too far. */
const toValue = (document: Document.Parsed): { value: unknown; offences: Offence[] } => {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), offences: [] };
  } catch {
    return {
      value: undefined,
      offences: [{ offset: 0, message: 'the aliases expand too far; repeat the lines instead' }],
    };
  }
};

/** Reads YAML. Never throws; every error is among the problems. */
export const readYaml = (text: string): Source => {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    // Otherwise a key such as 007 would become the number 7, and a map as a key would become text.
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
