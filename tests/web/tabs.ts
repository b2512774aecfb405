// A page of nothing but the core, for test_tabs.py.
import { connect } from "../../web/core/client";
import type { Core, CoreEvent } from "../../web/core/types";

const page = globalThis as unknown as { core: Core; events: CoreEvent[] };
page.core = connect();
page.events = [];
page.core.on((event) => page.events.push(event));
