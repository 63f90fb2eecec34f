import { decodeToken, encodeToken } from '../secrets-manager/paging.ts';
import { invalidNextToken } from './errors.ts';

interface PageInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** One page of rows in their order, and the token of the next one. `scope` identifies the request. */
export const pageOf = <Row>(
  all: readonly Row[],
  positionOf: (row: Row) => number,
  { MaxResults, NextToken }: PageInput,
  defaultSize: number,
  scope: string,
): { rows: Row[]; next: { NextToken?: string } } => {
  const after = NextToken === undefined ? 0 : decode(NextToken, scope);
  const left = all.filter((row) => positionOf(row) > after);
  const rows = left.slice(0, MaxResults ?? defaultSize);
  const last = rows.at(-1);
  const isMore = last !== undefined && rows.length < left.length;
  return { rows, next: isMore ? { NextToken: encodeToken(positionOf(last), scope) } : {} };
};

const decode = (token: string, scope: string): number => {
  try {
    return decodeToken(token, scope);
  } catch {
    throw invalidNextToken();
  }
};
