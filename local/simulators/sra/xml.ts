import type { Reply } from '../common/replies.ts';
import { text } from './replies.ts';
import type { Switches } from './switches.ts';

type Attributes = Readonly<Record<string, string | number>>;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (value: string | number): string =>
  String(value).replace(/[&<>"]/g, (found) => ESCAPES[found] ?? found);

/** An element of children that are XML already. */
export const element = (name: string, attributes: Attributes, children: readonly string[] = []): string => {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return children.length === 0
    ? `<${name}${written.join('')}/>`
    : `<${name}${written.join('')}>${children.join('')}</${name}>`;
};

/** An element of text. */
export const leaf = (name: string, value: string | number, attributes: Attributes = {}): string =>
  element(name, attributes, [escaped(value)]);

const NAMESPACES: Readonly<Record<Switches['namespace'], string>> = {
  live: 'http://www.beyondtrust.com/sra/namespaces/API/reporting',
  documented: 'https://www.beyondtrust.com/namespaces/API/reporting',
};

const document = (root: string): Reply => text(200, `<?xml version="1.0" encoding="UTF-8"?>\n${root}`, 'text/xml');

export const report = (list: string, rows: readonly string[], { namespace }: Switches): Reply =>
  document(element(list, { xmlns: NAMESPACES[namespace] }, rows));

/** An error has status 200. It is the root, or a child of the list. */
export const reportError = (message: string, switches: Switches, list: string): Reply => {
  const { namespace, errorElement, errorCode } = switches;
  const xmlns = { xmlns: NAMESPACES[namespace] };
  const code: Attributes = errorCode ? { code: 1 } : {};
  return document(
    errorElement === 'root'
      ? leaf('error', message, { ...xmlns, ...code })
      : element(list, xmlns, [leaf('error', message, code)]),
  );
};
