import pg from "pg";
import { type World, appName } from "../world.ts";

/** What a database in use has around it, and what does not cross by itself: for the evidence to show. */
const aroundSql = `
  create role reporting nologin;
  grant usage on schema public to reporting;
  grant select on orders, customers to reporting;
  alter role shop_owner in database shop set work_mem = '16MB';
  create publication shop_changes for table orders, order_lines;
  create function note_ddl() returns event_trigger language plpgsql as 'begin end';
  create event trigger ddl_noted on ddl_command_end execute function note_ddl();`;

/** An application that is connected to the source, a config var that names it, other roles and their rights. */
export async function surround(world: World): Promise<AsyncDisposable> {
  await world.source.query(world.sourceDatabase, aroundSql);
  world.heroku.app(appName).configVars["LEGACY_DATABASE_URL"] = world.sourceUrl;
  const shop = new pg.Client({ connectionString: world.sourceUrl, application_name: "shop-web" });
  // A server that is stopped under it is no news.
  shop.on("error", () => {});
  await shop.connect();
  return { [Symbol.asyncDispose]: () => shop.end() };
}
