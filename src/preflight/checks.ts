import type { Check } from "./check.ts";
import { bucketIsPublic, bucketWorks, noUploadsAreLeft } from "./checks/bucket.ts";
import { planAllowsConnections, planAllowsTables, planHoldsDatabase, sizeIsModerate } from "./checks/capacity.ts";
import {
  sourceConnection,
  sourceIsDirect,
  sourceIsEncrypted,
  sourceIsNotHeroku,
  sourceIsPostgresql,
  sourceIsPrimary,
} from "./checks/connection.ts";
import { extensionsAreOffered, leftOutExtensionsHoldNoData } from "./checks/extensions.ts";
import {
  appStandsStill,
  herokuAnswers,
  noConfigVarNamesSource,
  planIsSupported,
  targetIsNotShared,
  targetIsReady,
} from "./checks/heroku.ts";
import { sourceIsNotTarget } from "./checks/identity.ts";
import {
  everythingIsReadable,
  largeObjectsAreReadable,
  noSecurityDefiners,
  policyRolesExist,
  rowSecurityHidesNothing,
} from "./checks/privileges.ts";
import { acceptedCodesExist, clientFits, memoryIsEnough, timeIsEnough, urlLivesLongEnough } from "./checks/runner.ts";
import { connectionsAreFree, snapshotIsShared, timeoutsAreLifted } from "./checks/sessions.ts";
import { settingsAgree } from "./checks/settings.ts";
import { targetConnection, targetIsEmpty, targetIsQuiet, targetTakesWrites } from "./checks/target.ts";
import { majorsFit } from "./checks/versions.ts";

/** Every question of the gate, in the order in which a reader wants the answers. */
export const checks: readonly Check[] = [
  sourceConnection,
  sourceIsNotHeroku,
  sourceIsPostgresql,
  sourceIsNotTarget,
  sourceIsEncrypted,
  sourceIsDirect,
  sourceIsPrimary,
  snapshotIsShared,
  timeoutsAreLifted,
  connectionsAreFree,
  majorsFit,
  everythingIsReadable,
  rowSecurityHidesNothing,
  largeObjectsAreReadable,
  extensionsAreOffered,
  leftOutExtensionsHoldNoData,
  policyRolesExist,
  noSecurityDefiners,
  sizeIsModerate,
  herokuAnswers,
  planIsSupported,
  targetIsReady,
  targetIsNotShared,
  planHoldsDatabase,
  planAllowsTables,
  planAllowsConnections,
  targetConnection,
  targetTakesWrites,
  targetIsEmpty,
  targetIsQuiet,
  settingsAgree,
  appStandsStill,
  noConfigVarNamesSource,
  bucketWorks,
  bucketIsPublic,
  noUploadsAreLeft,
  urlLivesLongEnough,
  clientFits,
  memoryIsEnough,
  timeIsEnough,
  acceptedCodesExist(() => checks.map(({ id }) => id)),
];
