import { connect } from "./core/client";
import { keepOffline } from "./offline";
import { start } from "./page/start";

start(connect(), keepOffline);
