import { type Deliverable, describeDeliverable, textsOf } from '#shared/domain/deliverable.ts';
import { compileTemplate } from '#shared/domain/rendering.ts';
import { RelayError } from '#shared/errors.ts';

/** AWS Secrets Manager takes names of up to 512 ASCII letters, digits and `/_+=.@-` (CreateSecret, `Name`). */
const MAXIMUM_NAME_LENGTH = 512;

const utf8Hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '=$&');

/**
 * Any text as one part of a secret's name: what may not stand there, the slash and the equals sign become `=` and the
 * hex digits of their UTF-8 bytes, as in quoted-printable, so that two different texts never look the same. An empty
 * text becomes `_`, and a lone underscore gives way to it.
 */
export const encodeNamePart = (text: string): string => {
  if (text === '') return '_';
  return text === '_' ? utf8Hex(text) : text.replace(/[^A-Za-z0-9_+.@-]/gu, utf8Hex);
};

/** A folder's path, whose slashes stay: its folders become folders of the name. */
const encodePath = (path: string): string => path.split('/').map(encodeNamePart).join('/');

/** AWS advises against names that end like an ARN's suffix: a look-up by partial ARN would take one for the other. */
const withoutArnSuffix = (name: string): string => name.replace(/-(?=[A-Za-z0-9]{6}$)/, '=2D');

/**
 * The names that a sync, or one checkout, gives to its secrets. Raises `ConfigurationInvalid` for a name that the store
 * can't hold.
 */
export const createNaming = (template: string, checkoutId = ''): ((subject: Deliverable) => string) => {
  const fill = compileTemplate(template);
  return (subject) => {
    const texts = { ...textsOf(subject), checkoutId };
    const name = withoutArnSuffix(
      fill((placeholder) => {
        if (placeholder === 'credential' || placeholder === 'passphrase') {
          throw new RelayError('ConfigurationInvalid', `A name template must not contain {${placeholder}}.`);
        }
        const text = texts[placeholder] ?? '';
        return placeholder === 'folderPath' ? encodePath(text) : encodeNamePart(text);
      }),
    );
    if (name.length > MAXIMUM_NAME_LENGTH) {
      throw new RelayError(
        'ConfigurationInvalid',
        `The name of the secret for ${describeDeliverable(subject)} would be ${name.length} characters long; Secrets Manager takes ${MAXIMUM_NAME_LENGTH}. Shorten the name template.`,
      );
    }
    return name;
  };
};
