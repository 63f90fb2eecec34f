import { compileFilters } from './filters.ts';
import { decodeToken, encodeToken } from './paging.ts';
import type { Requests } from './requests.ts';
import type { ListEntry, State } from './state.ts';

const DEFAULT_PAGE = 100;

/**
 * One page of ListSecrets. Its token is the position in the order of creation, so that all pages together visit each
 * secret once. AWS does not document the default order.
 */
export const pageOfSecrets = (state: State, input: Requests['ListSecrets']) => {
  const { SortOrder: order = 'asc', MaxResults: limit = DEFAULT_PAGE, Filters: filters = [] } = input;
  const scope = JSON.stringify([order, input.IncludePlannedDeletion === true, filters]);
  const after = input.NextToken === undefined ? undefined : decodeToken(input.NextToken, scope);
  const matches = compileFilters(filters, state.options.region);

  const page: ListEntry[] = [];
  let last = 0;
  for (const { sequence, entry } of state.listedAfter(after, order)) {
    if (entry.DeletedDate !== undefined && input.IncludePlannedDeletion !== true) continue;
    if (!matches(entry)) continue;
    if (page.length === limit) return { SecretList: page, NextToken: encodeToken(last, scope) };
    page.push(entry);
    last = sequence;
  }
  return { SecretList: page };
};
