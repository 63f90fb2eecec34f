import fc from 'fast-check';

const given = process.env['CAMPAIGN_SEED'];
/** Random in each run, so that campaigns try new examples; set it to reproduce a failure. */
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
