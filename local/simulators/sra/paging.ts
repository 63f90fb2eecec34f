import type { Reply } from '../common/replies.ts';
import type { Call } from './calls.ts';
import { invalid, json } from './replies.ts';
import type { Switches } from './switches.ts';

const LARGEST_PAGE = 100;

/** Parameters of every paged list. */
export const PAGING = ['per_page', 'current_page'] as const;

const pageNumber = (call: Call, name: string, fallback: number): number | undefined => {
  const text = call.query.get(name);
  if (text === null) return fallback;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};

const urlOf = ({ origin, path, query }: Call, perPage: number, page: number): string => {
  const others = [...query].filter(([name]) => name !== 'per_page' && name !== 'current_page');
  return `${origin}${path}?${new URLSearchParams([
    ...others,
    ['per_page', String(perPage)],
    ['current_page', String(page)],
  ])}`;
};

/** One page of the rows, with the links to its neighbours. */
export const paged = <T>(call: Call, rows: readonly T[], render: (row: T) => unknown, switches: Switches): Reply => {
  const perPage = pageNumber(call, 'per_page', LARGEST_PAGE);
  const page = pageNumber(call, 'current_page', 1);
  if (perPage === undefined || perPage < switches.smallestPage || perPage > LARGEST_PAGE) {
    return invalid({ per_page: [`The per page must be between ${switches.smallestPage} and ${LARGEST_PAGE}.`] });
  }
  if (page === undefined || page < 1) return invalid({ current_page: ['The current page must be at least 1.'] });
  const last = Math.max(1, Math.ceil(rows.length / perPage));
  const moved = page > 1 ? switches.rowsMoved : 0;
  const start = Math.max(0, (page - 1) * perPage + moved);
  const link = (rel: string, target: number) => `<${urlOf(call, perPage, target)}>; rel="${rel}"`;
  const links = [
    link('first', 1),
    ...(page > 1 ? [link('previous', page - 1)] : []),
    ...(page < last ? [link('next', page + 1)] : []),
    link('last', last),
  ];
  return json(200, rows.slice(start, start + perPage).map(render), {
    Link: links.join(', '),
    'X-BT-Pagination-Current-Page': String(page),
    'X-BT-Pagination-Per-Page': String(perPage),
    'X-BT-Pagination-Last-Page': String(last),
    'X-BT-Pagination-Total': String(rows.length),
  });
};
