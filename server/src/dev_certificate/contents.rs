//! What stands in the certificates.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyUsagePurpose, NameConstraints,
};

use super::{AUTHORITY, AUTHORITY_LIFETIME, LIFETIME, NAMES};
use crate::Failure;

/// The authority's certificate from `now` on.
pub(super) fn authority(now: Timestamp) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let permitted_subtrees = vec![
        GeneralSubtree::DnsName("localhost".to_owned()),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv4Addr::LOCALHOST.into(), 32)),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128)),
    ];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    lasting(&mut params, now, AUTHORITY_LIFETIME)?;
    Ok(params)
}

/// The certificate for localhost from `now` on.
pub(super) fn leaf(now: Timestamp) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec()).map_err(|error| super::failed(&error))?;
    params.distinguished_name = named("Cloakroom on localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    lasting(&mut params, now, LIFETIME)?;
    Ok(params)
}

/// Days, as rcgen wants them; from yesterday on, for clocks that are not alike.
fn lasting(params: &mut CertificateParams, now: Timestamp, lifetime: SignedDuration) -> Result<(), Failure> {
    let day = |at: Timestamp| {
        let date = at.to_zoned(TimeZone::UTC).date();
        let (month, day) = (u8::try_from(date.month()), u8::try_from(date.day()));
        Some(rcgen::date_time_ymd(date.year().into(), month.ok()?, day.ok()?))
    };
    let yesterday = now.saturating_sub(SignedDuration::from_hours(24)).ok();
    let days = yesterday.and_then(|from| Some((day(from)?, day(from.saturating_add(lifetime).ok()?)?)));
    let (from, until) = days.ok_or_else(|| Failure::Command("the machine's clock is out of range".to_owned()))?;
    (params.not_before, params.not_after) = (from, until);
    Ok(())
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Cloakroom");
    name.push(DnType::CommonName, common_name);
    name
}
