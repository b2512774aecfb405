import { render } from "preact";
import { keepOffline } from "./offline";

render(<p>Sotto</p>, document.getElementById("app")!);
keepOffline(() => {});
