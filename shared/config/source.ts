import {
  Composer,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type YAMLError,
} from 'yaml';
import { MAX_PROBLEMS, type Problem } from '#shared/config/problem.ts';
import { findUnprintable } from '#shared/config/unprintable.ts';
import { explain } from '#shared/config/yaml-errors.ts';
import { type Offence, readTokens } from '#shared/config/yaml-tokens.ts';
import { type Plain, startOf, toPlain } from '#shared/config/yaml-values.ts';

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
  /** Syntax problems, the first ones of many. */
  readonly problems: readonly (Place & Pick<Problem, 'path' | 'message'>)[];
  placeOf(problem: Pick<Problem, 'path' | 'atKey'>): Place;
  /** Text of the scalar at a path as it is written, without quotes; undefined if there is none. */
  textOf(path: Problem['path']): string | undefined;
}

const isEmpty = (node: Node): boolean => node.range?.[0] === node.range?.[1];

type ProblemPlace = Pick<Problem, 'path' | 'atKey'>;

/** Node under a key or at an index, and its start: that of the key, or in a list that of the node itself. */
const stepInto = (
  container: unknown,
  step: string | number,
  plain: Plain,
): { node: Node | null; introducedAt: number } | undefined => {
  if (isSeq<Node>(container)) {
    const node = container.items[Number(step)];
    return node && { node, introducedAt: startOf(node) };
  }
  const entry = isMap(container) ? plain.entryOf(container, String(step)) : undefined;
  return entry && { node: entry.node, introducedAt: entry.keyAt };
};

interface Located {
  readonly node: Node | null;
  readonly introducedAt: number;
  /** False if the path ends earlier, at this node. */
  readonly isWhole: boolean;
}

/** The node at a path, or its last existing ancestor. */
const locate = (contents: Node | null, plain: Plain, path: Problem['path']): Located => {
  let node = contents;
  let introducedAt = startOf(node);
  for (const step of path) {
    const found = stepInto(isAlias(node) ? plain.targetOf(node) : node, step, plain);
    if (found === undefined) return { node, introducedAt, isWhole: false };
    ({ node, introducedAt } = found);
  }
  return { node, introducedAt, isWhole: true };
};

/** Offset of the node at a path. An empty or missing node has the offset of its key, or of the last existing one. */
const offsetOf = (contents: Node | null, plain: Plain, { path, atKey = false }: ProblemPlace): number => {
  const { node, introducedAt, isWhole } = locate(contents, plain, path);
  return atKey || !isWhole || node === null || isEmpty(node) ? introducedAt : startOf(node);
};

const textAt = (contents: Node | null, plain: Plain, path: Problem['path']): string | undefined => {
  const { node, isWhole } = locate(contents, plain, path);
  const scalar = isAlias(node) ? plain.targetOf(node) : node;
  return isWhole && isScalar(scalar) ? (scalar.source ?? '') : undefined;
};

/** Index of the first node that ends after an offset, or of the last one. */
const indexAt = (nodes: readonly unknown[], offset: number): number => {
  const index = nodes.findIndex((node) => isNode(node) && (node.range?.[2] ?? 0) > offset);
  return index < 0 ? nodes.length - 1 : index;
};

/** Keys and indexes that lead to the innermost node at an offset. A tag or an anchor belongs to the node behind it. */
const pathTo = (node: unknown, offset: number): Problem['path'] => {
  const isBefore = isCollection(node) && offset < startOf(node) + Number(node.flow === true);
  if (isBefore) return [];
  if (isSeq(node)) {
    const index = indexAt(node.items, offset);
    return index < 0 ? [] : [index, ...pathTo(node.items[index], offset)];
  }
  if (!isMap(node)) return [];
  const pair =
    node.items[
      indexAt(
        node.items.map(({ key, value }) => value ?? key),
        offset,
      )
    ];
  if (!isScalar(pair?.key)) return [];
  const isInKey = offset < (pair.key.range?.[1] ?? 0);
  return [String(pair.key.value), ...(isInKey ? [] : pathTo(pair.value, offset))];
};

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
const judgeSyntax = (
  { errors, warnings }: { readonly errors: readonly YAMLError[]; readonly warnings: readonly YAMLError[] },
  instructions: readonly Offence[],
  text: string,
): Syntax => {
  const reportedOffsets = new Set(instructions.map(({ offset }) => offset));
  const isUnreported = ({ pos }: YAMLError): boolean => !reportedOffsets.has(pos[0]);
  const [first] = errors.filter(isUnreported).toSorted((one, other) => one.pos[0] - other.pos[0]);
  const isBefore = (offset: number): boolean => first === undefined || offset < first.pos[0];
  return {
    offences: [
      ...instructions.filter(({ offset }) => isBefore(offset)),
      ...(first === undefined ? [] : [explain(first, text)]),
      ...warnings
        .filter((warning) => isUnreported(warning) && isBefore(warning.pos[0]))
        .map((warning) => explain(warning, text)),
    ],
    isFatal: first !== undefined || instructions.length > 0,
  };
};

const COMPOSING = {
  version: '1.2',
  // Otherwise a key such as 007 would become the number 7, and a map as a key would become text.
  stringKeys: true,
  // The check of the library takes time quadratic to the number of keys.
  uniqueKeys: false,
} as const;

/** Reads YAML. Never throws; every error is among the problems. */
export const readYaml = (text: string): Source => {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const sourceOf = (contents: Node | null, offences: readonly Offence[], plain?: Plain): Source => ({
    value: plain?.value,
    isReadable: plain?.isUsable ?? false,
    problems: offences
      .toSorted((one, other) => one.offset - other.offset)
      .slice(0, MAX_PROBLEMS)
      .map(({ offset, message }) => ({ ...placeAt(offset), path: pathTo(contents, offset), message })),
    placeOf: (problem) => placeAt(plain === undefined ? 0 : offsetOf(contents, plain, problem)),
    textOf: (path) => (plain === undefined ? undefined : textAt(contents, plain, path)),
  });

  const { tokens, offences: instructions, isTooLarge } = readTokens(text, lines);
  if (isTooLarge) return sourceOf(null, instructions);
  const [document, second] = new Composer(COMPOSING).compose(tokens, true, text.length);
  if (document === undefined) return sourceOf(null, []);
  const { contents } = document;
  const unprintable = findUnprintable(text);
  if (unprintable.length > 0) return sourceOf(contents, unprintable);
  const extra = second === undefined ? [] : [{ offset: second.range[0], message: SECOND_DOCUMENT }];
  const syntax = judgeSyntax(document, [...instructions, ...extra], text);
  if (syntax.isFatal) return sourceOf(contents, syntax.offences);
  const plain = toPlain(contents, (offset) => placeAt(offset).line);
  return sourceOf(contents, [...syntax.offences, ...plain.offences], plain);
};

const SECOND_DOCUMENT = 'a second document begins here; keep one document in the file, and remove the line ---';
