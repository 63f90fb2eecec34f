import type { Content } from '#shared/domain/content.ts';
import { type Item, type Labels, textOf } from '#shared/domain/item.ts';
import { fillTemplate, parseTemplate } from '#shared/domain/template.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';

/** Parses a template once, for filling it many times. Raises `ConfigurationInvalid` if it is invalid. */
export const compileTemplate = (template: string): ((textOf: (placeholder: string) => string) => string) => {
  const parsed = parseTemplate(template);
  if (!parsed.ok) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The template ${JSON.stringify(template)} is invalid. Correct relay.yaml.`,
    );
  }
  return (textOf) => fillTemplate(parsed.parts, textOf);
};

/** Properties of an item that a rendering uses. */
type Rendered = Pick<Item, 'labels' | 'verbatim'>;

/** Rendering of a secret's value around a credential. */
export interface Rendering {
  /**
   * Returns the value to deliver: a JSON object with strings escaped by the encoder, plain text, or the content itself.
   */
  render(item: Rendered, content: Content): Secret<SecretContent>;
  /** Returns everything in the value but the credential. It changes if the value has to be written again. */
  fingerprint(item: Rendered): string;
}

/** A `value` in relay.yaml: a JSON object of templates, or one template for plain text. */
export type ValueTemplate = string | Readonly<Record<string, string>>;

/** Creates the rendering of a sync or of one checkout. */
export const createRendering = (template: ValueTemplate, checkoutId = ''): Rendering => {
  const compileText = textCompiler(checkoutId);
  const fill = typeof template === 'string' ? compileText(template) : compileObject(template, compileText);
  return {
    render: (item, content) => {
      if ('file' in content) return content.file;
      const { secret, passphrase } = content;
      if (item.verbatim === true) return secret;
      return secret.map((credential) => fill(item, { credential, passphrase: passphrase?.reveal() ?? '' }));
    },
    fingerprint: (item) => (item.verbatim === true ? 'as it is' : JSON.stringify([template, fill(item, NOTHING)])),
  };
};

/** A credential in plain text while it is rendered. */
interface Parts {
  readonly credential: string;
  readonly passphrase: string;
}
const NOTHING: Parts = { credential: '', passphrase: '' };

type Fill = (item: Rendered, parts: Parts) => string;

const textCompiler =
  (checkoutId: string) =>
  (template: string): Fill => {
    const fill = compileTemplate(template);
    return ({ labels }, parts) => {
      const texts: Labels = { ...labels, ...parts, checkoutId };
      return fill((placeholder) => textOf(texts, placeholder));
    };
  };

const compileObject = (template: Readonly<Record<string, string>>, compileText: (text: string) => Fill): Fill => {
  const fields = Object.entries(template).map(([key, text]) => [key, compileText(text)] as const);
  return (item, parts) => JSON.stringify(Object.fromEntries(fields.map(([key, fill]) => [key, fill(item, parts)])));
};
