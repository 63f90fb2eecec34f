/** Whether a value of a call meets a value of a policy. */
export type Operator = (value: string, wanted: string) => boolean;

/** IAM's wildcards: `*` for any number of characters, `?` for one; both also stand for slashes and colons. */
export const isLike: Operator = (value, pattern) => {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(value);
};

/** Each of the six parts of an ARN by itself, so that a wildcard in one does not reach into the next. */
const isArnLike: Operator = (value, pattern) => {
  const [parts, wanted] = [partsOf(value), partsOf(pattern)];
  return parts.length === wanted.length && parts.every((part, index) => isLike(part, wanted[index] ?? ''));
};

const partsOf = (arn: string): string[] => {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
};

/** By IAM's names. `ArnEquals` is documented to do what `ArnLike` does. */
export const OPERATOR: Readonly<Record<string, Operator>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringLike: isLike,
  ArnEquals: isArnLike,
  ArnLike: isArnLike,
};
