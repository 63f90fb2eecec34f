// Reads from a Password Safe with BeyondTrust's published Go library, for test/emulated/clients.test.ts.
//
// Takes the type of sign-in (oauth or api-key) as its argument, and on standard input what `npm run sandbox -- --json`
// prints, with the SYSTEM/ACCOUNT and FOLDER/TITLE paths to read. Prints the values and the lists as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/BeyondTrust/go-client-library-passwordsafe/api/authentication"
	"github.com/BeyondTrust/go-client-library-passwordsafe/api/logging"
	managed_accounts "github.com/BeyondTrust/go-client-library-passwordsafe/api/managed_account"
	"github.com/BeyondTrust/go-client-library-passwordsafe/api/managed_systems"
	"github.com/BeyondTrust/go-client-library-passwordsafe/api/platforms"
	"github.com/BeyondTrust/go-client-library-passwordsafe/api/secrets"
	"github.com/BeyondTrust/go-client-library-passwordsafe/api/utils"
	"github.com/BeyondTrust/go-client-library-passwordsafe/api/workgroups"
	backoff "github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"
)

const (
	separator     = "/"
	timeoutSecs   = 30
	maxFileBytes  = 5_000_000
	withVerifying = true
	withDecrypt   = true
)

type input struct {
	PasswordSafe struct {
		URL          string `json:"url"`
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
		APIKey       string `json:"apiKey"`
		RunAs        string `json:"runAs"`
	} `json:"passwordSafe"`
	Accounts []string `json:"accounts"`
	Secrets  []string `json:"secrets"`
}

type output struct {
	User     string            `json:"user"`
	Accounts map[string]string `json:"accounts"`
	Secrets  map[string]string `json:"secrets"`
	// Names in the lists of the site.
	Listed map[string][]string `json:"listed"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: %s oauth|api-key", os.Args[0])
	}
	var given input
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	session, err := signIn(os.Args[1], given)
	if err != nil {
		return err
	}
	user, err := session.GetPasswordSafeAuthentication()
	if err != nil {
		return fmt.Errorf("sign-in: %w", err)
	}
	read, err := readAll(session, given)
	// Signs out on failure too. Otherwise the session stays open until its idle timeout.
	if signOutErr := session.SignOut(); err == nil && signOutErr != nil {
		err = fmt.Errorf("sign-out: %w", signOutErr)
	}
	if err != nil {
		return err
	}
	read.User = user.UserName
	return json.NewEncoder(os.Stdout).Encode(read)
}

var logger = logging.NewZapLogger(zap.NewNop())

func signIn(way string, given input) (*authentication.AuthenticationObj, error) {
	client, err := utils.GetHttpClient(timeoutSecs, withVerifying, "", "", logger)
	if err != nil {
		return nil, err
	}
	waits := backoff.NewExponentialBackOff()
	waits.MaxElapsedTime = timeoutSecs * time.Second
	site := given.PasswordSafe
	parameters := authentication.AuthenticationParametersObj{
		HTTPClient:        *client,
		BackoffDefinition: waits,
		EndpointURL:       site.URL,
		APIVersion:        "3.1",
		Logger:            logger,
	}
	switch way {
	case "oauth":
		parameters.ClientID, parameters.ClientSecret = site.ClientID, site.ClientSecret
		return authentication.Authenticate(parameters)
	case "api-key":
		parameters.ApiKey = fmt.Sprintf("%s; runas=%s;", site.APIKey, site.RunAs)
		return authentication.AuthenticateUsingApiKey(parameters)
	}
	return nil, fmt.Errorf("%q is neither oauth nor api-key", way)
}

func readAll(session *authentication.AuthenticationObj, given input) (*output, error) {
	accounts, err := managed_accounts.NewManagedAccountObj(*session, logger)
	if err != nil {
		return nil, err
	}
	safe, err := secrets.NewSecretObj(*session, logger, maxFileBytes, withDecrypt)
	if err != nil {
		return nil, err
	}
	read := &output{Listed: map[string][]string{}}
	// Looks each account up, requests it, reads its credential and checks it in.
	if read.Accounts, err = accounts.GetSecrets(given.Accounts, separator); err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	if read.Secrets, err = safe.GetSecrets(given.Secrets, separator); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	return read, listAll(session, accounts, safe, read.Listed)
}

func listAll(
	session *authentication.AuthenticationObj,
	accounts *managed_accounts.ManagedAccountstObj,
	safe *secrets.SecretObj,
	listed map[string][]string,
) error {
	accountList, err := accounts.GetManagedAccountsListFlow()
	if err != nil {
		return fmt.Errorf("list of accounts: %w", err)
	}
	for _, row := range accountList {
		listed["accounts"] = append(listed["accounts"], row.SystemName+separator+row.AccountName)
	}
	systems, err := managed_systems.NewManagedSystem(*session, logger)
	if err != nil {
		return err
	}
	systemList, err := systems.GetManagedSystemsListFlow()
	if err != nil {
		return fmt.Errorf("list of systems: %w", err)
	}
	for _, row := range systemList {
		listed["systems"] = append(listed["systems"], row.SystemName)
	}
	platformObj, err := platforms.NewPlatformObj(*session, logger)
	if err != nil {
		return err
	}
	platformList, err := platformObj.GetPlatformsListFlow()
	if err != nil {
		return fmt.Errorf("list of platforms: %w", err)
	}
	for _, row := range platformList {
		listed["platforms"] = append(listed["platforms"], row.Name)
	}
	workgroupObj, err := workgroups.NewWorkGroupObj(*session, logger)
	if err != nil {
		return err
	}
	workgroupList, err := workgroupObj.GetWorkgroupListFlow()
	if err != nil {
		return fmt.Errorf("list of workgroups: %w", err)
	}
	for _, row := range workgroupList {
		listed["workgroups"] = append(listed["workgroups"], row.Name)
	}
	folderList, err := safe.SecretGetFoldersListFlow()
	if err != nil {
		return fmt.Errorf("list of folders: %w", err)
	}
	for _, row := range folderList {
		listed["folders"] = append(listed["folders"], row.Name)
	}
	return nil
}
