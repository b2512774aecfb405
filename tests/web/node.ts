// The browser's worker under node, for test_core.py.
import "./stand_ins";
import "../../web/core/worker";
