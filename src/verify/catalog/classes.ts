import { casts, conversions, transforms } from "./casts.ts";
import type { CatalogClass } from "./class.ts";
import { collations } from "./collations.ts";
import { columns } from "./columns.ts";
import { comments, securityLabels } from "./comments.ts";
import { constraints } from "./constraints.ts";
import { extensions } from "./extensions.ts";
import { foreignDataWrappers, foreignServers, foreignTables, userMappings } from "./foreign.ts";
import { aggregates, functions } from "./functions.ts";
import { indexes } from "./indexes.ts";
import { accessMethods, languages } from "./languages.ts";
import { operatorClasses, operatorFamilies, operators } from "./operators.ts";
import { policies } from "./policies.ts";
import { eventTriggers, publications, subscriptions } from "./replication.ts";
import { rules } from "./rules.ts";
import { schemas } from "./schemas.ts";
import { sequences } from "./sequences.ts";
import { statistics } from "./statistics.ts";
import { tables } from "./tables.ts";
import {
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
} from "./text-search.ts";
import { triggers } from "./triggers.ts";
import { types } from "./types.ts";
import { views } from "./views.ts";

/** Everything that pg_dump carries, in the order in which people look for it. */
export const catalogClasses: readonly CatalogClass[] = [
  schemas,
  extensions,
  types,
  tables,
  columns,
  sequences,
  constraints,
  indexes,
  views,
  functions,
  aggregates,
  triggers,
  rules,
  policies,
  statistics,
  collations,
  casts,
  transforms,
  conversions,
  operators,
  operatorClasses,
  operatorFamilies,
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
  languages,
  accessMethods,
  foreignDataWrappers,
  foreignServers,
  foreignTables,
  userMappings,
  eventTriggers,
  publications,
  subscriptions,
  comments,
  securityLabels,
];
