"""An office whose notice key is openssl's, and its notice orders, for tests on running servers."""
import base64
import subprocess
import time

from test_desk import Office, Operator, digest, suspensions

WORDING = ["A court has asked for what the server holds of your account.", "\u6cd5\u9662"]


class NoticeKey:
    def __init__(self, folder, name):
        self.path = folder / f"{name}.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path], check=True,
                       capture_output=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout", "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.text = base64.b64encode(der[-32:]).decode()

    def line(self, text):
        """Under a notice order: the key's word for its text."""
        source = self.path.with_suffix(".text")
        source.write_text(text)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", source],
                                   check=True, capture_output=True).stdout
        return f"\u2014 office notice {base64.b64encode(signature).decode()}\n"

    def signed(self, text, signature):
        """Whether a user can check it with openssl alone."""
        source, sig = self.path.with_suffix(".text"), self.path.with_suffix(".sig")
        source.write_text(text)
        sig.write_bytes(signature)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-inkey", self.path, "-in", source,
                               "-sigfile", sig], capture_output=True).returncode == 0


class NoticeOffice(Office):
    def __init__(self, folder):
        super().__init__(folder)
        self.notice_key = NoticeKey(folder, "notice")

    def text(self, *args, **how):
        return super().text(*args, **how).replace(
            "notice-key " + base64.b64encode(bytes([1] * 32)).decode(), "notice-key " + self.notice_key.text)

    def begin(self, world):
        """Pinned, with an empty list; its operator."""
        operator, text = Operator(world), self.text()
        operator.hand_in("pin", text, digest(text))
        operator.hand_in("suspensions", self.signed(suspensions(text), "p2", "p3"))
        return operator

    def notice(self, state, account, name, who=("p1", "p3"), key=None, change=lambda text: text, by="id", case="c-7"):
        """A whole order for the account that is named so; change: after the persons signed it."""
        made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        wording = "".join(f"wording {line}\n" for line in WORDING)
        text = (f"sotto notice 1\nid {name}\ncase {case}\naccount {by} {account}\nreceipt {'ab' * 32}\n{wording}"
                f"server {state['server']}\nserver-number {state['server_number']}\n"
                f"office {state['office']} {state['office_hash']}\n"
                f"suspensions {state['suspensions']} {state['suspensions_hash']}\nmade {made}\n")
        return change(self.signed(text, *who)) + (key or self.notice_key).line(change(text))
