/** Elements of an XML answer. A list repeats its element. */
export interface Elements {
  readonly [name: string]: string | Elements | readonly Elements[];
}

/** Writes elements as XML. `attributes` belong to the outermost ones. */
export const toXml = (elements: Elements, attributes = ''): string =>
  Object.entries(elements)
    .flatMap(([name, content]) => [content].flat().map((one) => `<${name}${attributes}>${inner(one)}</${name}>`))
    .join('');

const inner = (content: string | Elements): string => (typeof content === 'string' ? escaped(content) : toXml(content));

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
