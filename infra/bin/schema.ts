import { writeFileSync } from 'node:fs';
import { buildDirectoryJsonSchema, buildJsonSchema, buildMessageJsonSchema } from '#shared/config/json-schema.ts';

/**
 * Writes the JSON schemas of relay.yaml, of messages and of declared people to the root of the repository. Run it
 * with `npm run schema`.
 */
const publish = (name: string, schema: Record<string, unknown>): void =>
  writeFileSync(new URL(`../../${name}`, import.meta.url), JSON.stringify(schema, null, 2));

publish('relay.schema.json', buildJsonSchema());
publish('messages.schema.json', buildMessageJsonSchema());
publish('directory.schema.json', buildDirectoryJsonSchema());
