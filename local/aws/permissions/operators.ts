/** True if a value of a call matches a value of a policy. */
export type Operator = (value: string, wanted: string) => boolean;

/** IAM's wildcards: `*` matches any number of characters, `?` matches one. Both also match slashes and colons. */
export const isLike: Operator = (value, pattern) => {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(value);
};

/** Compares the six parts of an ARN separately, so that a wildcard does not extend into the next part. */
const isArnLike: Operator = (value, pattern) => {
  const [parts, wanted] = [partsOf(value), partsOf(pattern)];
  return parts.length === wanted.length && parts.every((part, index) => isLike(part, wanted[index] ?? ''));
};

const partsOf = (arn: string): string[] => {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
};

/** Operators by their names in IAM. `ArnEquals` is documented to behave like `ArnLike`. */
export const OPERATOR: Readonly<Record<string, Operator>> = {
  // The key is in the context, which meets only `false`.
  Null: (_value, wanted) => wanted === 'false',
  NumericLessThanEquals: (value, wanted) => Number(value) <= Number(wanted),
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringEquals: (value, wanted) => value === wanted,
  StringLike: isLike,
  ArnEquals: isArnLike,
  ArnLike: isArnLike,
};
