import { writeFileSync } from 'node:fs';
import { buildJsonSchema } from '#shared/config/json-schema.ts';

/** Publishes the JSON schema of relay.yaml at the root of the repository: `npm run schema`. */
writeFileSync(new URL('../../relay.schema.json', import.meta.url), JSON.stringify(buildJsonSchema(), null, 2));
