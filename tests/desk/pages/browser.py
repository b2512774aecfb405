"""Headless Chromium with a virtual authenticator, for tests of the desk's pages."""
import base64
import shutil

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

PKCS8 = bytes.fromhex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420")


def driver(width=1200, height=1000, language="en", dark=False, arguments=()):
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     f"--window-size={width},{height}", f"--accept-lang={language}", "--force-prefers-reduced-motion",
                     *arguments):
        options.add_argument(argument)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    browser.set_page_load_timeout(60)
    return browser


class Browser:
    def __init__(self, desk, **how):
        self.desk = desk
        self.driver = driver(**how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def open(self, path):
        self.driver.get(self.desk.origin + path)

    def wait(self, until, seconds=120):
        """A page that goes away while it is asked is no answer yet."""
        waiting = WebDriverWait(self.driver, seconds, ignored_exceptions=[WebDriverException])
        try:
            return waiting.until(lambda _: until())
        except TimeoutException as e:
            raise AssertionError(f"waited in vain at {self.path()}: {self.text()}") from e

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, selector):
        element = self.wait(lambda: next((e for e in self.all(selector) if e.is_enabled()), None))
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def fill(self, name, value):
        element = self.find(f'[name="{name}"]')
        if element.tag_name == "select":
            Select(element).select_by_value(value)
        elif element.get_attribute("type") == "date":
            self.driver.execute_script("arguments[0].value = arguments[1]", element, value)
        else:
            element.clear()
            element.send_keys(value)

    def choose(self, name, value):
        element = self.find(f'[name="{name}"][value="{value}"]')
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def heading(self):
        return self.find("h1").text

    def text(self):
        return self.find("main").text

    def path(self):
        return self.driver.current_url.removeprefix(self.desk.origin)

    def problems(self):
        """What the browser complained of: violations of the policy, errors of the script."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    # ---- Passkeys ----

    def authenticator(self, transport="internal"):
        """One that verifies its user; its id."""
        self.driver.execute_cdp_cmd("WebAuthn.enable", {"enableUI": False})
        made = self.driver.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": transport, "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True, "hasPrf": True,
            "automaticPresenceSimulation": True}})
        return made["authenticatorId"]

    def give_passkey(self, authenticator, person):
        """Puts the demonstration's key of a person into it."""
        private, credential = self.desk.key(person)
        self.driver.execute_cdp_cmd("WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": {
            "credentialId": base64.b64encode(credential).decode(), "isResidentCredential": False, "rpId": "localhost",
            "privateKey": base64.b64encode(PKCS8 + private).decode(), "signCount": 0}})

    def act_as(self, person):
        """Signs in with the demonstration's passkey in software, as a visitor would."""
        self.open(f"/login?person={person}")
        self.press("[data-press=act-as]")
        self.wait(lambda: self.path() == "/queue")

    def sign_in(self, person):
        """Signs in with what the browser has for an authenticator."""
        self.open(f"/login?person={person}")
        self.press("[data-press=login]")
        self.wait(lambda: self.path() == "/queue")

    def sign(self, then):
        self.press("[data-press=sign]")
        self.wait(lambda: self.path() == then)

    def run(self, script, *arguments):
        return self.driver.execute_async_script(script, *arguments)


