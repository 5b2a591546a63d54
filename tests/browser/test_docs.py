"""The documentation pages in Chromium, as a caller uses them."""
import json
import shutil
import urllib.parse

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from support.userd import PASSWORD, unique_name

SECONDS = 60


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1400,1600",
            "--no-proxy-server", "--disable-background-networking", "--disable-component-update", "--no-first-run",
            f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def wait(driver, condition):
    return WebDriverWait(driver, SECONDS, 0.05).until(condition)


def click(driver, selector, within=None):
    def clicked(_):
        found = [e for e in (within or driver).find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]
        if found:
            driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[0])
            found[0].click()
        return bool(found)
    wait(driver, clicked)


def open_page(driver, server, path):
    driver.get("about:blank")
    for log in ("browser", "performance"):
        driver.get_log(log)
    driver.get(f"http://127.0.0.1:{server.port}{path}")


def complaints(driver):
    """Chromium reports violations of the page's policy to the console, as errors."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def requested(driver):
    """Every URL that the page asked for, whatever came of it."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [message["params"]["request"]["url"] for message in messages
            if message["method"] == "Network.requestWillBeSent"]


def assert_quiet_and_at_home(driver, server):
    assert complaints(driver) == []
    addresses = [url for url in requested(driver) if not url.startswith(("data:", "blob:"))]
    assert addresses
    assert {urllib.parse.urlsplit(url).netloc for url in addresses} == {f"127.0.0.1:{server.port}"}


def test_the_docs_page_authorizes_and_reads_the_profile(chromium, unlimited):
    name = unique_name()
    assert unlimited.register(name).status_code == 200
    open_page(chromium, unlimited, "/docs")
    click(chromium, "button.authorize")
    form = wait(chromium, lambda d: d.find_element(By.CSS_SELECTOR, ".auth-container"))
    form.find_element(By.CSS_SELECTOR, "input#oauth_username, input[data-name=username]").send_keys(name)
    form.find_element(By.CSS_SELECTOR, "input#oauth_password, input[type=password]").send_keys(PASSWORD)
    click(chromium, ".auth-btn-wrapper button.authorize", form)
    wait(chromium, lambda d: "Authorized" in d.find_element(By.CSS_SELECTOR, ".auth-container").text)
    click(chromium, "button.btn-done")

    chromium.execute_script("window.scrollTo(0, 0)")
    click(chromium, "#operations-user-me .opblock-summary-control")
    operation = chromium.find_element(By.ID, "operations-user-me")
    click(chromium, ".try-out button", operation)
    click(chromium, "button.execute", operation)
    row = wait(chromium, lambda d: operation.find_elements(By.CSS_SELECTOR, ".live-responses-table tr.response"))[0]
    assert row.find_element(By.CSS_SELECTOR, ".response-col_status").text.split()[0] == "200"
    assert json.loads(row.find_element(By.CSS_SELECTOR, ".response-col_description pre").text)["username"] == name
    assert_quiet_and_at_home(chromium, unlimited)


def test_the_redoc_page_shows_every_operation(chromium, unlimited):
    open_page(chromium, unlimited, "/redoc")
    document = unlimited.http.get("/openapi.json").json()
    wait(chromium, lambda d: d.find_elements(By.CSS_SELECTOR, "[data-section-id*=operation]"))
    shown = chromium.find_element(By.TAG_NAME, "body").text
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                assert operation["summary"] in shown
    assert_quiet_and_at_home(chromium, unlimited)


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_script_that_was_slipped_in_does_not_run(chromium, unlimited, page):
    open_page(chromium, unlimited, page)
    chromium.execute_script("""
        const slipped = document.createElement("script");
        slipped.textContent = "window.slipped = true";
        document.body.append(slipped);""")
    assert chromium.execute_script("return window.slipped") is None
    assert any("Content Security Policy" in message for message in complaints(chromium))
