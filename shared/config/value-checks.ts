import { looksLikeJson, writeAsMap } from '#shared/config/json-lookalike.ts';
import { type Placeholder, type TemplatePart, writePlaceholder } from '#shared/domain/template.ts';

/** Checks for templates that deliver a wrong value as soon as a credential has a special character. Pure. */

const isPlaceholder = (part: TemplatePart): part is Placeholder => 'placeholder' in part;

const listed = (placeholders: readonly Placeholder[]): string =>
  [...new Set(placeholders.map(writePlaceholder))].join(', ');

const withFilter = (placeholders: readonly Placeholder[], filter: string): Placeholder[] =>
  placeholders.map(({ placeholder }) => ({ placeholder, filter }));

/** Filters whose result needs no escape in a JSON string, and `raw`, which the author chose. */
const SAFE_IN_JSON: ReadonlySet<string | undefined> = new Set(['json', 'url', 'base64', 'raw']);
const SAFE_IN_ADDRESS: ReadonlySet<string | undefined> = new Set(['url', 'raw']);

/** An address ends at white space, a quote or an angle bracket. */
const ADDRESS_END = /[\s"'`<>]/;

/** True for each part that lies in an address, after its `://`. */
const findInAddress = (parts: readonly TemplatePart[]): boolean[] => {
  let isInside = false;
  return parts.map((part) => {
    if (isPlaceholder(part)) return isInside;
    const pieces = part.text.split(ADDRESS_END);
    isInside = pieces.at(-1)?.includes('://') === true || (isInside && pieces.length === 1);
    return false;
  });
};

/** Parts in which every placeholder in an address has a filter for it. */
const repairAddresses = (parts: readonly TemplatePart[]): TemplatePart[] => {
  const inAddress = findInAddress(parts);
  return parts.map((part, index) =>
    isPlaceholder(part) && inAddress[index] === true && !SAFE_IN_ADDRESS.has(part.filter)
      ? { placeholder: part.placeholder, filter: 'url' }
      : part,
  );
};

const checkJson = (parts: readonly TemplatePart[]): string[] => {
  if (!looksLikeJson(parts)) return [];
  const repaired = repairAddresses(parts);
  const unsafe = parts.filter(isPlaceholder).filter(({ filter }) => !SAFE_IN_JSON.has(filter));
  if (unsafe.length === 0) return [];
  const map = writeAsMap(repaired);
  const advice = map === undefined ? `write ${listed(withFilter(unsafe, 'json'))}` : `write it as a map: ${map}`;
  return [`looks like JSON, which a quote in ${listed(unsafe)} would break; ${advice}`];
};

const checkAddresses = (parts: readonly TemplatePart[]): string[] => {
  const repaired = repairAddresses(parts);
  const unsafe = parts.filter(isPlaceholder).filter((part) => !repaired.includes(part));
  return unsafe.length === 0
    ? []
    : [
        `contains an address, in which characters such as @ and / in ${listed(unsafe)} change the meaning; write ${listed(withFilter(unsafe, 'url'))}, or use the filter raw if the reader of the address does not decode %40`,
      ];
};

/** A `json` filter without quotes writes neither JSON nor the text itself. */
const checkLoneJson = ([part, ...others]: readonly TemplatePart[]): string[] =>
  part !== undefined && isPlaceholder(part) && part.filter === 'json' && others.length === 0
    ? [`has nothing around ${writePlaceholder(part)}, which belongs between quotes; write {${part.placeholder}}`]
    : [];

type Quote = '' | '"' | "'";

/** Quote of a shell that is open after a text. A line ends it, since a comment can contain an apostrophe. */
const openQuote = (text: string, before: Quote): Quote => {
  let quote = before;
  for (const [token] of text.matchAll(/\\[\s\S]|["'\n]/g)) {
    const isEnd = token === '\n' || token === quote || (quote === "'" && token === "\\'");
    if (isEnd) quote = '';
    else if (quote === '' && (token === '"' || token === "'")) quote = token;
  }
  return quote;
};

const checkShell = (parts: readonly TemplatePart[]): string[] => {
  let quote: Quote = '';
  const quoted = parts.filter((part): part is Placeholder => {
    if (isPlaceholder(part)) return part.filter === 'shell' && quote !== '';
    quote = openQuote(part.text, quote);
    return false;
  });
  return quoted.length === 0
    ? []
    : [`has quotes around ${listed(quoted)}, but the filter shell writes its own; remove them`];
};

/** Returns the messages for one template of a value, such as a field of a map. The template has known placeholders. */
export const findHazards = (parts: readonly TemplatePart[]): string[] => {
  const json = checkJson(parts);
  return json.length > 0 ? json : [...checkAddresses(parts), ...checkLoneJson(parts), ...checkShell(parts)];
};
