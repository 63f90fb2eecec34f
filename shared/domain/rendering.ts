import type { Content, CredentialKind } from '#shared/domain/credential.ts';
import { type Deliverable, textsOf } from '#shared/domain/deliverable.ts';
import { fillTemplate, type Placeholder, parseTemplate } from '#shared/domain/template.ts';
import { RelayError } from '#shared/errors.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';

/** A template, taken apart once and filled often. Raises `ConfigurationInvalid` when it is broken. */
export const compileTemplate = (template: string): ((textOf: (placeholder: Placeholder) => string) => string) => {
  const parsed = parseTemplate(template);
  if (!parsed.ok) {
    throw new RelayError(
      'ConfigurationInvalid',
      `The template ${JSON.stringify(template)} is broken. Correct relay.yaml.`,
    );
  }
  return (textOf) => fillTemplate(parsed.parts, textOf);
};

/** How a sync writes a secret's value around a credential. */
export interface Rendering {
  /**
   * The value to deliver: a JSON object whose strings are escaped by the encoder, or plain text. Texts and files of
   * Secrets Safe are delivered as they are.
   */
  render(subject: Deliverable, content: Content): Secret<SecretContent>;
  /** Everything of the value but the credential, as text: it changes when the value has to be written anew. */
  fingerprint(subject: Deliverable): string;
}

export interface RenderingOptions {
  readonly checkoutId?: string;
  /** Another kind of credential of the same account is another value. A password when left out. */
  readonly kind?: CredentialKind | undefined;
}

/** What a sync, or one checkout, writes around credentials. */
export const createRendering = (
  template: string | Readonly<Record<string, string>>,
  { checkoutId = '', kind = 'password' }: RenderingOptions = {},
): Rendering => {
  const compileText = textCompiler(checkoutId);
  const fill = typeof template === 'string' ? compileText(template) : compileObject(template, compileText);
  return {
    render: (subject, content) => {
      if ('file' in content) return content.file;
      const { secret, passphrase } = content;
      if (isDeliveredAsIs(subject)) return secret;
      return secret.map((credential) => fill(subject, { credential, passphrase: passphrase?.reveal() ?? '' }));
    },
    fingerprint: (subject) => {
      if (isDeliveredAsIs(subject)) return 'as it is';
      return JSON.stringify([template, fill(subject, NOTHING), ...(kind === 'password' ? [] : [kind])]);
    },
  };
};

const isDeliveredAsIs = (subject: Deliverable): boolean =>
  subject.kind === 'safe-secret' && subject.type !== 'credential';

/** A credential while it is written out. */
interface Parts {
  readonly credential: string;
  readonly passphrase: string;
}
const NOTHING: Parts = { credential: '', passphrase: '' };

type Fill = (subject: Deliverable, parts: Parts) => string;

const textCompiler =
  (checkoutId: string) =>
  (template: string): Fill => {
    const fill = compileTemplate(template);
    return (subject, parts) => {
      const texts = { ...textsOf(subject), ...parts, checkoutId };
      return fill((placeholder) => texts[placeholder] ?? '');
    };
  };

const compileObject = (template: Readonly<Record<string, string>>, compileText: (text: string) => Fill): Fill => {
  const fields = Object.entries(template).map(([key, text]) => [key, compileText(text)] as const);
  return (subject, parts) =>
    JSON.stringify(Object.fromEntries(fields.map(([key, fill]) => [key, fill(subject, parts)])));
};
