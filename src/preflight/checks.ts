import type { Check } from "./check.ts";
import {
  lockTableHasRoom,
  noConflictingLocks,
  noLongTransactions,
  noMaintenanceRuns,
  noPageIsDamaged,
  noPreparedTransactions,
  noWritesArrive,
  statisticsExist,
  wraparoundIsFar,
} from "./checks/activity.ts";
import { bucketIsPublic, bucketWorks, noUploadsAreLeft } from "./checks/bucket.ts";
import { planAllowsConnections, planAllowsTables, planHoldsDatabase, sizeIsModerate } from "./checks/capacity.ts";
import { collationVersionsHold, collationsAgree, collationsExist, encodingsFit } from "./checks/collations.ts";
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
  leftOutSchemasAreEmpty,
  noEventTriggers,
  noForeignServers,
  noLogicalSlots,
  noPublications,
  noTablespaces,
  noTemporaryTables,
} from "./checks/left-out-objects.ts";
import {
  noGrantsStayBehind,
  noJobsStayBehind,
  noRolesStayBehind,
  noStoredSettingsStayBehind,
} from "./checks/losses.ts";
import {
  everythingIsReadable,
  largeObjectsAreReadable,
  noSecurityDefiners,
  policyRolesExist,
  rowSecurityHidesNothing,
} from "./checks/privileges.ts";
import { acceptedCodesExist, clientFits, memoryIsEnough, timeIsEnough, urlLivesLongEnough } from "./checks/runner.ts";
import { dataHoldsTogether } from "./checks/probes.ts";
import {
  constraintsAreValidated,
  functionLanguagesAreOffered,
  functionsStayInside,
  identifiersAreOrdinary,
  indexesAreValid,
  matviewsArePopulated,
  noUnloggedTables,
  nothingNeedsSuperuser,
  tablesAreHeap,
} from "./checks/schema-objects.ts";
import { expressionsNeedNoPath } from "./checks/search-path.ts";
import { connectionsAreFree, snapshotIsShared, timeoutsAreLifted } from "./checks/sessions.ts";
import { settingsAgree } from "./checks/settings.ts";
import { targetConnection, targetIsEmpty, targetIsQuiet, targetTakesWrites } from "./checks/target.ts";
import { largeObjectsAreFew, valuesAreNarrow } from "./checks/values.ts";
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
  leftOutSchemasAreEmpty,
  functionLanguagesAreOffered,
  nothingNeedsSuperuser,
  tablesAreHeap,
  expressionsNeedNoPath,
  functionsStayInside,
  noSecurityDefiners,
  policyRolesExist,
  indexesAreValid,
  constraintsAreValidated,
  dataHoldsTogether,
  matviewsArePopulated,
  identifiersAreOrdinary,
  noUnloggedTables,
  noTemporaryTables,
  noTablespaces,
  noEventTriggers,
  noPublications,
  noLogicalSlots,
  noForeignServers,
  noRolesStayBehind,
  noGrantsStayBehind,
  noStoredSettingsStayBehind,
  noJobsStayBehind,
  largeObjectsAreFew,
  valuesAreNarrow,
  noConflictingLocks,
  noLongTransactions,
  noPreparedTransactions,
  noMaintenanceRuns,
  wraparoundIsFar,
  noPageIsDamaged,
  lockTableHasRoom,
  statisticsExist,
  collationVersionsHold,
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
  encodingsFit,
  collationsAgree,
  collationsExist,
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
  noWritesArrive,
  acceptedCodesExist(() => checks.map(({ id }) => id)),
];
