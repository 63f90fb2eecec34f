import fc from 'fast-check';

const given = process.env['CAMPAIGN_SEED'];
/** Another one in each run, so that campaigns go on finding things; fixed to see a failure again. */
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
